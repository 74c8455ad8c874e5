/** The Kubernetes Events that this controller wrote about the object.

Roles are written out: a narrow page stacks the cells, and browsers forget that it is a table. */

import { Ago, Clipped } from "../design/text";
import type { KubeEvent } from "../model";
import { spaced } from "../reasons";

export function Events({ events }: { events: readonly KubeEvent[] }) {
  return (
    <section class="events" aria-labelledby="events">
      <h2 id="events">Events</h2>
      {events.length === 0 ? (
        <p class="nothing">This controller has written no Event about it yet.</p>
      ) : (
        <div class="wide" role="region" aria-label="Events, scrollable" tabIndex={0}>
          <table class="stacks" role="table">
            <thead role="rowgroup">
              <tr role="row">
                <th role="columnheader" scope="col">When</th>
                <th role="columnheader" scope="col">Type</th>
                <th role="columnheader" scope="col">Reason</th>
                <th role="columnheader" scope="col">Note</th>
              </tr>
            </thead>
            <tbody role="rowgroup">
              {events.map((event) => (
                <tr role="row" key={`${event.at}/${event.reason}/${event.pod}`}>
                  <td role="cell" class="when nowrap">
                    <Ago at={event.lastAt} />
                    {event.count > 1 && <span class="quiet"> ×{event.count}</span>}
                  </td>
                  <td role="cell" class="kind">
                    <span class={event.type === "Warning" ? "type is-warning" : "type"}>
                      {event.type}
                    </span>
                  </td>
                  <th role="rowheader" scope="row" class="nowrap">
                    {spaced(event.reason)}
                  </th>
                  <td role="cell" class="note">
                    <Clipped text={event.note} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
