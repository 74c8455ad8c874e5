/** What rules ask people for. Here it is only read: answers are given with kubectl. */

import { Copyable } from "../design/copy";
import { Ago, Clipped, Until } from "../design/text";
import type { Approval, Preview } from "./model";
import { actionName } from "./standing";

/** Those that wait for an answer, each with what would be done, and how to answer. */
export function Approvals({ pending }: { pending: readonly Approval[] }) {
  if (pending.length === 0) return null;
  return (
    <section class="asked" aria-label="Approvals that wait for an answer">
      <h2>Waiting for an answer</h2>
      <ul>
        {pending.map((one) => (
          <li key={`${one.namespace}/${one.name}`}>
            <Asked approval={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Asked({ approval }: { approval: Approval }) {
  const { name, namespace, rule, previews, asked, expires } = approval;
  return (
    <article aria-label={`Approval ${name}`}>
      <p>
        Rule <strong>{<bdi dir="auto">{rule}</bdi>}</strong> asks{" "}
        {asked !== null && (
          <span class="quiet">
            <Ago at={asked} />
          </span>
        )}
        {expires !== null && (
          <span class="quiet">
            , good <Until at={expires} />
          </span>
        )}
      </p>
      <ul class="previews">
        {previews.map((one, n) => (
          <li key={n}>
            <Would preview={one} />
          </li>
        ))}
      </ul>
      {previews.length === 0 && <p class="quiet">It does not say yet what would be done.</p>}
      <Copyable
        text={`kubectl kubervisor approve ${name} -n ${namespace}`}
        label={`The command that approves ${name}`}
      />
    </article>
  );
}

export function Would({ preview }: { preview: Preview }) {
  return (
    <>
      <code>{actionName(preview.action)}</code> <Clipped text={preview.message} />
      {preview.involved.length > 0 && (
        <span class="quiet line">
          <bdi dir="auto">{preview.involved.join(", ")}</bdi>
        </span>
      )}
    </>
  );
}
