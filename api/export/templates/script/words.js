/* Words, numbers and times in the language chosen. */

const words = {language: "de", texts: {}};

/** A text with its values; `key_one` is taken for a count of one where there is such a text. */
function t(key, values = {}) {
  const isOne = values.n === 1 && words.texts[`${key}_one`];
  const found = words.texts[isOne ? `${key}_one` : key];
  if (!found) return key;
  return found[words.language].replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : String(value ?? "");
  });
}

/** A sentence that the plan carries in both languages. */
function inLanguage(sentence) {
  return sentence[words.language];
}

function number(value, digits = 0) {
  const locale = words.language === "de" ? "de-DE" : "en-GB";
  return new Intl.NumberFormat(locale, {minimumFractionDigits: digits, maximumFractionDigits: digits}).format(value);
}

/** A share of one in percent; tiny ones are not shown as none. */
function percent(share) {
  if (share > 0 && share < 0.005) return `< ${number(1)}\u202f%`;
  return `${number(share * 100)}\u202f%`;
}

/** A change in percent with its sign. */
function change(value) {
  const rounded = Math.round(value);
  const sign = rounded < 0 ? "\u2212" : rounded > 0 ? "+" : "\u00b1";
  return `${sign}${number(Math.abs(rounded))}\u202f%`;
}

function hours(value) {
  const minutes = Math.round(value * 60);
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

function weight(kg) {
  return kg >= 1000 ? `${number(kg / 1000, 1)} t` : `${number(kg)} kg`;
}

function euro(value, digits = 0) {
  return words.language === "de" ? `${number(value, digits)} €` : `€${number(value, digits)}`;
}

function metres(value) {
  return value >= 1000 ? `${number(value / 1000, 1)} km` : `${number(value)} m`;
}

/** The local clock of an instant that carries its offset: no zone of the reader's device enters. */
function clock(iso) {
  return iso.slice(11, 16);
}

function instant(iso) {
  return Date.parse(iso);
}

function writtenDay(isoDay) {
  const locale = words.language === "de" ? "de-DE" : "en-GB";
  const style = {weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC"};
  return new Intl.DateTimeFormat(locale, style).format(new Date(`${isoDay}T12:00:00Z`));
}

/** Date and clock in short; the date is left out on the plan's own day. */
function writtenInstant(iso, planDay) {
  if (iso.slice(0, 10) === planDay) return clock(iso);
  const [, month, day] = iso.slice(0, 10).split("-");
  return words.language === "de" ? `${day}.${month}. ${clock(iso)}` : `${day}/${month} ${clock(iso)}`;
}
