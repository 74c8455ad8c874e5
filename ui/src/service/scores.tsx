/** Scores over time against the threshold and the fleet's band, and the budget beneath. */

import { useMemo, useRef, useState } from "preact/hooks";
import type { Breaker, Decision } from "../model";
import { span } from "../words";
import { BudgetReading } from "./budget";
import { LANE, markAt } from "./paint";
import { Plot } from "./plot";
import { budgetData, budgetPlot, scoreData, scorePlot, type Look, type Tried } from "./plots";
import { Readout, readingSaid } from "./readout";
import { ScoreTable } from "./scoretable";
import type { BudgetChart, Chart } from "./series";

const SCORES_HEIGHT = 300 + LANE;
const BUDGET_HEIGHT = 92;

export function Scores(props: {
  breaker: Breaker;
  chart: Chart;
  budget: BudgetChart;
  judging: boolean;
  decisions: readonly Decision[];
  chosen: string;
  choose: (id: string) => void;
  /** The latest instant that the time axis must reach. */
  until: number;
  tried?: Tried;
  note?: string;
}) {
  const { breaker, chart, budget, decisions, chosen, choose, until, tried = null } = props;
  const [read, setRead] = useState<number | null>(null);
  const at = read === null ? chart.times.length - 1 : Math.min(read, chart.times.length - 1);
  const marks = useMemo(
    () => decisions.filter((one) => one.breaker === breaker.name || one.breaker === ""),
    [decisions, breaker.name],
  );
  const data = useMemo(() => scoreData(chart, tried), [chart, tried]);
  const budgetColumns = useMemo(() => budgetData(budget), [budget]);
  // A plot outlives the drawing that made it, and asks for what is current.
  const current = useRef({ decisions: marks, chosen, until, chart });
  current.current = { decisions: marks, chosen, until, chart };
  if (chart.times.length === 0) return <NoScores breaker={breaker} judging={props.judging} />;
  const look: Omit<Look, "width" | "height" | "by"> = {
    unit: breaker.unit,
    moved: setRead,
    marks: () => current.current,
    until: () => current.current.until,
    outliers: (uid) => current.current.chart.told.find((one) => one.uid === uid)?.outlier ?? [],
  };
  const lines = [...chart.others, ...chart.told].map((line) => line.uid).join();
  return (
    <figure class="scores">
      <Plot
        shape={`${breaker.name}/${chart.told.length}/${lines}/${tried !== null}`}
        data={data}
        height={SCORES_HEIGHT}
        cursor={read}
        redraw={`${chosen}/${marks.length}`}
        pressed={(u, left) => {
          const mark = markAt(u, marks, left);
          if (mark) choose(mark.id);
        }}
        options={(width, by) =>
          scorePlot(chart, tried, { ...look, width, by, height: SCORES_HEIGHT })
        }
      />
      <Scrubber chart={chart} at={at} read={setRead} said={readingSaid(breaker, chart, at)} />
      <Readout breaker={breaker} chart={chart} at={at} isLatest={read === null} tried={tried} />
      <BudgetReading budget={budget} at={read === null ? undefined : chart.times[at]} />
      <Plot
        shape="budget"
        data={budgetColumns}
        height={BUDGET_HEIGHT}
        cursor={null}
        options={(width, by) => budgetPlot({ ...look, width, by, height: BUDGET_HEIGHT })}
      />
      <figcaption class="quiet">
        {breaker.rule}. Dots are steps in which the pod was called an outlier.
        {props.note && ` ${props.note}.`}
      </figcaption>
      <ScoreTable breaker={breaker} chart={chart} />
    </figure>
  );
}

function NoScores({ breaker, judging }: { breaker: Breaker; judging: boolean }) {
  return <p class="nothing">{noScoresSaid(breaker, judging)}</p>;
}

/** Why there is nothing to draw. */
export function noScoresSaid(breaker: Breaker, judging: boolean): string {
  if (!judging) return "Nothing is judged while this Service is not guarded.";
  if (breaker.detector === "customService") {
    return "A custom service answers with names and no scores.";
  }
  if (breaker.detector === "watchdog") return "Watchdogs speak in words and give no scores.";
  return `No score has been kept yet. The first comes within ${span(breaker.period)}.`;
}

/** Reads the chart by keyboard, and shows where it is read. */
function Scrubber(props: { chart: Chart; at: number; said: string; read: (at: number) => void }) {
  return (
    <input
      class="scrubber"
      type="range"
      aria-label="Read the chart at"
      aria-valuetext={props.said}
      min={0}
      max={props.chart.times.length - 1}
      value={props.at}
      onInput={(event) => props.read(Number(event.currentTarget.value))}
    />
  );
}
