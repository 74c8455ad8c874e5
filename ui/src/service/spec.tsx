/** The object as it was applied, and the rules that it makes. */

import { Copyable } from "../design/copy";
import type { Breaker, Service } from "../model";
import { span } from "../words";
import { yaml } from "./yaml";

export function Spec({ service }: { service: Service }) {
  const { namespace, name } = service.row;
  const text = yaml({
    apiVersion: "kubervisor.k8s.io/v1alpha1",
    kind: "KubervisorService",
    metadata: { name, namespace },
    spec: service.spec,
  });
  return (
    <section class="spec" aria-labelledby="spec">
      <h2 id="spec">Spec</h2>
      {service.breakers.length > 0 && (
        <ul class="rules" aria-label="What the breakers do">
          {service.breakers.map((breaker) => (
            <Rule key={breaker.name} breaker={breaker} />
          ))}
        </ul>
      )}
      <Copyable text={text} label="Spec as YAML" block />
      <p class="quiet">Generation {service.generation}; the schema's defaults are filled in.</p>
    </section>
  );
}

function Rule({ breaker }: { breaker: Breaker }) {
  return (
    <li>
      <h3>
        <bdi dir="auto">{breaker.name}</bdi> <span class="quiet">{breaker.detector}</span>
      </h3>
      <p>
        {breaker.rule}. Judged every {span(breaker.period)}; {breaker.matches.need} of{" "}
        {breaker.matches.of} steps must agree.
      </p>
      {breaker.problem && (
        <p class="problem">
          <bdi dir="auto">{breaker.problem}</bdi>
        </p>
      )}
      {breaker.queries.map((query) => (
        <Copyable key={query} text={query} label={`Query of ${breaker.name.slice(0, 80)}`} />
      ))}
    </li>
  );
}
