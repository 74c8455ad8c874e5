/** What pods run, what was taken back, and what happened to a source's rollout. */

import { Happened } from "../design/happenings";
import { Ago } from "../design/text";
import { reasonSaid } from "../reasons";
import { count, many } from "../words";
import type { Happening, Rollout, Version } from "./model";
import { happeningSaid } from "./standing";
import { DatedVersion, VersionName } from "./version";

interface Known {
  version: Version;
  roles: string[];
}

/** Every version that is in use or in question, and what it is to the rollout. */
export function knownVersions(rollout: Rollout): Known[] {
  const found = new Map<string, Known>();
  const add = (version: Version | null, role: string): void => {
    if (!version) return;
    const known = found.get(version.sha256) ?? { version, roles: [] };
    const pods = version.pods ?? known.version.pods;
    known.version = { ...known.version, at: known.version.at ?? version.at, pods };
    if (role) known.roles.push(role);
    found.set(version.sha256, known);
  };
  add(rollout.lastKnownGood, "last known good");
  add(rollout.candidate, "candidate");
  add(rollout.newest, "newest published");
  for (const version of rollout.versions) add(version, "");
  for (const one of rollout.quarantine) {
    if (found.has(one.sha256)) add({ ...one, at: null, pods: null }, "in quarantine");
  }
  return [...found.values()];
}

export function Versions({ rollout }: { rollout: Rollout }) {
  const known = knownVersions(rollout);
  if (known.length === 0) return null;
  return (
    <section>
      <h3>Who runs what</h3>
      <ul class="known">
        {known.map(({ version, roles }) => (
          <li key={version.sha256}>
            <span>
              <DatedVersion version={version} />
              {roles.map((role) => (
                <span key={role} class={role === "in quarantine" ? "tag is-bad" : "tag"}>
                  {role}
                </span>
              ))}
            </span>
            <span class="number">{version.pods === null ? "no pod" : many(version.pods, "pod")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Quarantine({ rollout }: { rollout: Rollout }) {
  const { quarantine, quarantined } = rollout;
  if (quarantine.length === 0) return null;
  return (
    <section>
      <h3>In quarantine</h3>
      <ul class="known">
        {quarantine.map((one) => (
          <li key={one.sha256}>
            <span>
              <VersionName version={one} /> <span>{reasonSaid(one.reason)}</span>
            </span>
            <span class="quiet number">{one.at !== null && <Ago at={one.at} />}</span>
          </li>
        ))}
      </ul>
      {quarantined > quarantine.length && (
        <p class="quiet">and {count(quarantined - quarantine.length)} more</p>
      )}
    </section>
  );
}

export function Happenings({ history }: { history: readonly Happening[] }) {
  if (history.length === 0) return null;
  return (
    <section>
      <h3>What happened</h3>
      <ol class="happenings">
        {history.map((one, n) => (
          <Happened key={n} at={one.at} message={one.message}>
            <strong>{happeningSaid(one.reason)}</strong>
            {one.path && (
              <>
                {" "}
                <VersionName version={{ path: one.path, sha256: "" }} />
              </>
            )}
          </Happened>
        ))}
      </ol>
    </section>
  );
}
