/* Colours for the canvas, read from the style sheet so that there is one palette. */

function readTheme(element = document.documentElement) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const byRank = (name) => Array.from({length: 6}, (_, rank) => read(`${name}-${rank}`));
  const byTour = (name) => Array.from({length: COLOUR_COUNT}, (_, tour) => read(`${name}-${tour}`));
  return {
    land: read("land"),
    street: byRank("street"),
    streetEdge: byRank("street-edge"),
    streetThin: byRank("street-thin"),
    name: read("street-name"),
    nameHalo: read("street-name-halo"),
    tour: byTour("tour"),
    tourUnder: byTour("tour-under"),
    tourInk: read("tour-ink"),
    halo: read("halo"),
    ink: read("ink"),
    chosen: read("chosen"),
    waiting: read("waiting"),
    alarm: read("alarm"),
    alarmInk: read("alarm-ink"),
  };
}
