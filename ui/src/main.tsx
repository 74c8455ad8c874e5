import { render } from "preact";
import "./design/tokens.css";
import "./design/base.css";
import "./design/controls.css";
import "./design/states.css";
import "./design/shell.css";
import "./design/fleet.css";
import "./design/services.css";
import "./design/table.css";
import "./design/service.css";
import "./design/evidence.css";
import "./design/watchdogs.css";
import "./design/chart.css";
import "./design/data.css";
import "./design/rules.css";
import "./design/workflows.css";
import { startTicking } from "./clock";
import { DataPage } from "./data/page";
import { FleetPage } from "./fleet/page";
import { usePlace } from "./router";
import { RulesPage } from "./rules/page";
import { ServicePage } from "./service/page";
import { Announcer } from "./shell/announcer";
import { Header } from "./shell/header";
import { applyKeptTheme } from "./shell/theme";
import { WorkflowsPage } from "./workflows/page";

function App() {
  const place = usePlace();
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header page={place.page} />
      <main id="main" tabIndex={-1}>
        {place.page === "fleet" && <FleetPage query={place.query} />}
        {place.page === "data" && <DataPage />}
        {place.page === "rules" && <RulesPage />}
        {place.page === "workflows" && <WorkflowsPage />}
        {place.page === "service" && (
          <ServicePage key={`${place.namespace}/${place.name}`} {...place} />
        )}
        {place.page === "unknown" && <Nowhere path={place.path} />}
      </main>
      <Announcer />
    </>
  );
}

function Nowhere({ path }: { path: string }) {
  return (
    <section class="page">
      <h1>There is nothing here</h1>
      <p>
        <bdi>{path}</bdi> is no page of the dashboard. <a href="/">All Services</a> are one click
        away.
      </p>
    </section>
  );
}

applyKeptTheme();
startTicking();
const root = document.getElementById("app");
if (root) render(<App />, root);
