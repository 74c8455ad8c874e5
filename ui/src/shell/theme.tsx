/** Light, dark, or as the system has it: kept by the browser, set on the page's root. */

import { useEffect, useState } from "preact/hooks";

const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const KEPT = "kubervisor-theme";

function kept(): Theme {
  try {
    const theme = localStorage.getItem(KEPT);
    return THEMES.find((one) => one === theme) ?? "system";
  } catch {
    return "system"; // a browser may refuse to keep anything
  }
}

function apply(theme: Theme): void {
  const root = document.documentElement;
  if (theme === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = theme;
  try {
    localStorage.setItem(KEPT, theme);
  } catch {
    // then the choice lasts as long as the page
  }
}

export function applyKeptTheme(): void {
  apply(kept());
}

export function ThemeSwitch() {
  const [theme, setTheme] = useState(kept);
  useEffect(() => apply(theme), [theme]);
  return (
    <fieldset class="themes">
      <legend class="hidden">Colours</legend>
      {THEMES.map((one) => (
        <label key={one} title={`Colours: ${one}`}>
          <input
            type="radio"
            name="theme"
            value={one}
            checked={theme === one}
            onChange={() => setTheme(one)}
          />
          <ThemeShape theme={one} />
          <span class="hidden">{one}</span>
        </label>
      ))}
    </fieldset>
  );
}

function ThemeShape({ theme }: { theme: Theme }) {
  const paths: Record<Theme, string> = {
    system: "M3 4h10v7H3zM6 13.5h4",
    light: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.6v1.3M8 13.1v1.3M1.6 8h1.3M13.1 8h1.3M3.5 3.5l.9.9M11.6 11.6l.9.9M12.5 3.5l-.9.9M4.4 11.6l-.9.9",
    dark: "M13 9.6A5.6 5.6 0 0 1 6.4 3a5.6 5.6 0 1 0 6.6 6.6z",
  };
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[theme]} />
    </svg>
  );
}

/** Calls `changed` whenever the page's colours may have: for what is painted and not styled. */
export function onColoursChanged(changed: () => void): () => void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const watcher = new MutationObserver(changed);
  watcher.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  dark.addEventListener("change", changed);
  return () => {
    watcher.disconnect();
    dark.removeEventListener("change", changed);
  };
}
