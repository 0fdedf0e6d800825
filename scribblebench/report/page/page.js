// What the page does when it opens.

function themeButton() {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = byId("theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const label = () => { button.textContent = isDark() ? "Light mode" : "Dark mode"; };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    label();
  });
  dark.addEventListener("change", label);
  label();
}

const content = JSON.parse(byId("data").textContent);
themeButton();
figureSection(content.panels);
const viewer = content.viewer.cases.length ? caseViewer(content.viewer) : null;
trialTable(content.trials, (id) => (viewer?.has(id) ? viewer.open : null));
