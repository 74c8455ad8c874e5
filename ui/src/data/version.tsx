/** A version by its name: what tells it from its siblings stands out. */

import { useNow } from "../clock";
import { dayAndTime, span } from "../words";
import type { Version } from "./model";
import { versionName } from "./standing";

export function VersionName({ version }: { version: Pick<Version, "path" | "sha256"> }) {
  const name = versionName(version.path);
  const cut = name.indexOf("-") + 1;
  const digest = version.sha256 ? `\nSHA-256 ${version.sha256}` : "";
  return (
    <span class="pod version-name" title={version.path + digest}>
      <bdi dir="auto">
        {cut > 1 && <span class="common">{name.slice(0, cut)}</span>}
        {name.slice(cut)}
      </bdi>
    </span>
  );
}

/** The same, with how old it is. */
export function DatedVersion({ version }: { version: Version }) {
  return (
    <>
      <VersionName version={version} />
      {version.at !== null && <Age at={version.at} />}
    </>
  );
}

function Age({ at }: { at: number }) {
  return (
    <time class="quiet" dateTime={new Date(at * 1000).toISOString()} title={dayAndTime(at)}>
      {" "}
      {span(useNow() - at)} old
    </time>
  );
}
