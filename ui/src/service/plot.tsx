/** A uPlot that lives as a component: made anew when its lines change, else only its data. */

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { onColoursChanged } from "../shell/theme";
import { paints, type Paints } from "./paint";

export interface PlotProps {
  /** Another shape of the same plot has another key: which lines it has. */
  shape: string;
  data: uPlot.AlignedData;
  height: number;
  options: (width: number, by: Paints) => uPlot.Options;
  /** The reading line's place; null: none. */
  cursor: number | null;
  /** Changes when what is drawn besides the data does. */
  redraw?: string;
  pressed?: (u: uPlot, left: number) => void;
}

export function Plot(props: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const make = (): void => {
      plot.current?.destroy();
      const { options, data } = latest.current;
      const made = new uPlot(options(element.clientWidth, paints(element)), data, element);
      made.over.addEventListener("click", () => {
        latest.current.pressed?.(made, made.cursor.left ?? 0);
      });
      plot.current = made;
    };
    make();
    const forget = onColoursChanged(make);
    const sizes = new ResizeObserver(() => {
      const made = plot.current;
      const width = element.clientWidth;
      if (made && width && made.width !== width) made.setSize({ width, height: made.height });
    });
    sizes.observe(element);
    return () => {
      forget();
      sizes.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [props.shape, props.height]);

  useEffect(() => plot.current?.setData(props.data), [props.data]);
  useEffect(() => plot.current?.redraw(false), [props.redraw]);
  useEffect(() => {
    const made = plot.current;
    const at = props.cursor === null ? undefined : made?.data[0][props.cursor];
    if (!made || at === undefined || made.cursor.idx === props.cursor) return;
    made.setCursor({ left: made.valToPos(at, "x"), top: 0 }, false);
  }, [props.cursor, props.data]);

  return <div class="plot" ref={box} aria-hidden="true" style={{ height: `${props.height}px` }} />;
}
