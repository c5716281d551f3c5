// The builder of a segment: the rule as nested groups of conditions, beside its text. Both are the same rule; the
// server turns one into the other. Without this script the rule is plain text.

const place = document.getElementById("builder");
const area = document.getElementById("id_rule");
const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");

const made = (tag, attributes = {}, ...inside) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value);
  node.append(...inside);
  return node;
};

const KINDS = [
  ["trait", "What they are"], ["date", "A date of theirs"], ["did", "What they did"], ["sequence", "What they did in turn"],
  ["touch", "First or last time"], ["fact", "How things stand"], ["circumstance", "True now"],
  ["score", "Score"], ["consent", "What they permit"], ["segment", "Segment"],
];
const NUMBERS = [[">=", "at least"], ["<=", "at most"], [">", "more than"], ["<", "less than"], ["=", "exactly"], ["!=", "not"], ["known", "known"], ["unknown", "unknown"]];
const TEXTS = [["=", "is"], ["!=", "is not"], ["in", "is one of"], ["contains", "contains"], ["known", "is known"], ["unknown", "is unknown"]];
const COUNTS = [[">=", "at least"], ["<=", "at most"], ["=", "exactly"], [">", "more than"], ["<", "fewer than"]];

const UNITS = ["days", "hours", "minutes"];
const DATES = [
  ["next", "is in the next"], ["last", "was in the last"], ["ago", "is further back than"], ["ahead", "is further ahead than"],
  ["anniversary", "comes round within"], ["before", "is before"], ["since", "is on or after"],
];

const usualEvent = () => (words.events.includes("Order Completed") ? "Order Completed" : words.events[0] ?? "Order Completed");
const isScore = (field) => field.startsWith("score.");
const scores = () => words.facts.filter(([name]) => isScore(name));
const FRESH = {
  trait: () => ({ type: "compare", field: `trait.${words.traits[0] ?? "country"}`, operator: "known", value: null }),
  fact: () => ({ type: "compare", field: "order.count", operator: ">=", value: 1 }),
  score: () => ({ type: "compare", field: scores()[0]?.[0] ?? "score.none", operator: ">=", value: 0.5 }),
  did: () => ({ type: "did", event: usualEvent(), operator: ">=", count: 1, window: { amount: 30, unit: "days" }, where: [] }),
  sequence: () => ({ type: "sequence", steps: [{ event: "Product Added", where: [], gap: null, absent: false }, { event: usualEvent(), where: [], gap: { amount: 2, unit: "hours" }, absent: true }], window: { amount: 30, unit: "days" } }),
  touch: () => ({ type: "touch", which: "last", event: usualEvent(), window: { amount: 30, unit: "days" }, where: [] }),
  date: () => ({ type: "date", field: `trait.${words.dates[0] ?? "birthday"}`, relation: "next", duration: { amount: 7, unit: "days" }, date: "" }),
  circumstance: () => ({ type: "circumstance", circumstance: words.circumstances[0]?.[0] ?? "order_late" }),
  consent: () => ({ type: "consent", purpose: words.purposes[0]?.[0] ?? "marketing" }),
  segment: () => ({ type: "segment", segment: words.segments[0]?.[0] ?? "" }),
};

const kindOf = (leaf) => (leaf.type !== "compare" ? leaf.type : leaf.field.startsWith("trait.") ? "trait" : isScore(leaf.field) ? "score" : "fact");
const isGroup = (rule) => rule.type === "all" || rule.type === "any";

/** The tree as the builder holds it: a group on top, `not` as a mark on what it denies. */
function opened(rule) {
  let not = false;
  while (rule.type === "not") [not, rule] = [!not, rule.rule];
  const found = isGroup(rule) ? { ...rule, rules: rule.rules.map(opened) } : { ...rule };
  if (found.where) found.where = found.where.map((each) => ({ ...each }));
  if (found.steps) found.steps = found.steps.map((step) => ({ ...step, where: step.where.map((each) => ({ ...each })) }));
  return { ...found, not };
}

/** And back; groups with nothing in them are left out. */
function closed({ not, ...rule }) {
  if (isGroup(rule)) {
    const rules = rule.rules.map(closed).filter(Boolean);
    if (!rules.length) return null;
    rule = rules.length === 1 ? rules[0] : { type: rule.type, rules };
  }
  return not ? { type: "not", rule } : rule;
}

let tree = { type: "all", rules: [], not: false };
let writing = 0;

const ask = async (fields) => {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const response = await fetch(place.dataset.forms, { method: "POST", headers: { "X-CSRFToken": token }, body: new URLSearchParams(fields) });
  return response.json();
};

/** The builder changed: write the text, which asks how many that is. */
async function write() {
  const turn = ++writing;
  const rule = closed(tree);
  const { text } = rule ? await ask({ tree: JSON.stringify(rule) }) : { text: "" };
  if (turn !== writing || text === undefined) return;
  area.value = text;
  area.dispatchEvent(new CustomEvent("input", { bubbles: true, detail: "builder" }));
}

/** The text changed by hand: show it in the builder, if it can be read. */
async function read() {
  if (!area.value.trim()) tree = { type: "all", rules: [], not: false };
  else {
    const found = await ask({ text: area.value });
    place.classList.toggle("stale", Boolean(found.error));
    if (found.error) return;
    const rule = opened(found.tree);
    tree = isGroup(rule) && !rule.not ? rule : { type: "all", rules: [rule], not: false };
  }
  draw();
}

const choice = (label, value, choices, then) => {
  const field = made("select", { "aria-label": label });
  const known = choices.some(([each]) => each === value);
  (known || value === undefined ? choices : [...choices, [value, value]]).forEach(([each, says]) => field.append(made("option", { value: each }, says)));
  field.value = value;
  field.addEventListener("change", () => then(field.value));
  return field;
};

let lists = 0;
/** `then` takes what was typed and may give back how it is to stand there. */
const typed = (label, value, then, suggestions = [], kind = "text") => {
  const short = kind === "number" || typeof value === "number" || /^-?[\d.]+$/.test(value ?? "");
  const field = made("input", { type: kind, class: short ? "short" : null, "aria-label": label, value: value ?? "", autocomplete: "off", step: kind === "number" ? "any" : null });
  const parts = [field];
  if (suggestions.length) {
    const id = `suggest-${++lists}`;
    field.setAttribute("list", id);
    parts.push(made("datalist", { id }, ...suggestions.map((each) => made("option", { value: each }))));
  }
  field.addEventListener("change", () => {
    typing = true;
    const taken = then(field.value);
    typing = false;
    if (taken !== undefined) field.value = taken;
  });
  return made("span", { class: "typed" }, ...parts);
};

const button = (label, name, then, kind = "btn tiny") => {
  const node = made("button", { type: "button", class: kind, "aria-label": name }, label);
  node.addEventListener("click", then);
  return node;
};

/** What somebody typed as the value it stands for: 12, yes and no where that is meant, else a text. */
function literal(text, numeric) {
  const trimmed = text.trim();
  const number = Number(trimmed.replace("−", "-").replace(/^(-?\d*),(\d+)$/, "$1.$2"));
  if (numeric && trimmed !== "" && Number.isFinite(number)) return number;
  if (trimmed === "true" || trimmed === "false") return trimmed === "true";
  if (/^"(.*)"$/.test(trimmed)) return trimmed.slice(1, -1);
  return trimmed;
}
const shown = (value) => (Array.isArray(value) ? value.join(", ") : String(value ?? ""));
let typing = false;
/** Drawn anew only where a choice changes what stands there: while somebody types, the field they go to next must stay. */
const changed = () => { if (!typing) draw(); write(); };

function comparison(leaf, kind, suggestions) {
  const flag = kind === "flag";
  const numeric = kind === "number";
  const operators = flag ? [["=", "is"], ["known", "is known"], ["unknown", "is unknown"]] : numeric ? NUMBERS : kind === "any" ? [...TEXTS, ...NUMBERS.slice(0, 4)] : TEXTS;
  const parts = [
    choice("Comparison", leaf.operator, operators, (operator) => {
      leaf.operator = operator;
      if (operator === "known" || operator === "unknown") leaf.value = null;
      else if (operator === "in") leaf.value = Array.isArray(leaf.value) ? leaf.value : [leaf.value ?? ""];
      else if (Array.isArray(leaf.value)) leaf.value = leaf.value[0] ?? "";
      else leaf.value ??= flag ? true : numeric || [">", "<", ">=", "<="].includes(operator) ? 0 : "";
      changed();
    }),
  ];
  if (leaf.operator === "known" || leaf.operator === "unknown") return parts;
  if (flag) parts.push(choice("Value", String(leaf.value), [["true", "yes"], ["false", "no"]], (value) => { leaf.value = value === "true"; changed(); }));
  else
    parts.push(
      typed("Value", shown(leaf.value), (text) => {
        const number = numeric || [">", "<", ">=", "<="].includes(leaf.operator) || (kind === "any" && /^-?\d+(\.\d+)?$/.test(text.trim()));
        const value = leaf.operator === "in" ? text.split(",").map((each) => literal(each, number)) : literal(text, number);
        // What is no number where one is compared changes nothing, and the field shows again what is gone by.
        if (![">", "<", ">=", "<="].includes(leaf.operator) || typeof value === "number") leaf.value = value;
        changed();
        return shown(leaf.value);
      }, suggestions),
    );
  return parts;
}

/** How long: a number and its unit. */
const lasting = (holder, name, least, units = UNITS) => [
  typed("Length of time", holder[name].amount, (amount) => { holder[name].amount = Math.max(least, Math.round(Number(amount) || least)); changed(); return holder[name].amount; }, [], "number"),
  choice("Unit of time", holder[name].unit, units.map((unit) => [unit, unit]), (unit) => { holder[name].unit = unit; changed(); }),
];

/** In which time up to now, or ever. */
function windowed(leaf, before = "") {
  const says = [before, leaf.window ? "in the last" : ""].join(" ").trim();
  const parts = says ? [made("span", { class: "soft" }, says)] : [];
  if (leaf.window) parts.push(lasting(leaf, "window", 1)[0]);
  const unit = leaf.window ? leaf.window.unit : "ever";
  return [...parts, choice("Unit of time", unit, [...UNITS, "ever"].map((each) => [each, each]), (chosen) => {
    leaf.window = chosen === "ever" ? null : { amount: leaf.window?.amount ?? 30, unit: chosen };
    changed();
  })];
}

/** What an event must have, and a button for more. */
function filtered(leaf) {
  const parts = (leaf.where ?? []).map((filter, index) =>
    made("span", { class: "filter" }, made("span", { class: "soft" }, index ? "and" : "where"),
      typed("Property", filter.field, (field) => { if (field.trim()) filter.field = field.trim(); changed(); return filter.field; }, ["value", "category", "product", "channel", "currency", "rating"]),
      ...comparison(filter, "any", []),
      button("×", "Take this filter away", () => { leaf.where.splice(index, 1); changed(); }, "btn plain tiny")));
  return [...parts, button("+ where", "Add a filter", () => { (leaf.where ??= []).push({ field: "value", operator: ">=", value: 0 }); changed(); }, "btn plain tiny")];
}

function stepped(leaf, step, index) {
  const last = index > 0 && index === leaf.steps.length - 1;
  const parts = index ? [last ? choice("Whether it follows", step.absent ? "no" : "", [["", "then"], ["no", "then no"]], (value) => { step.absent = value === "no"; changed(); }) : made("span", { class: "soft" }, "then")] : [];
  parts.push(typed("Event", step.event, (event) => { if (event.trim()) step.event = event.trim(); changed(); return step.event; }, words.events), ...filtered(step));
  if (index) {
    if (step.gap) parts.push(made("span", { class: "soft" }, "within"), lasting(step, "gap", 1)[0]);
    parts.push(choice("Unit of time", step.gap?.unit ?? "later", [["later", "any time later"], ...UNITS.map((each) => [each, each])], (unit) => {
      step.gap = unit === "later" ? null : { amount: step.gap?.amount ?? 2, unit };
      changed();
    }));
  }
  if (leaf.steps.length > 2) parts.push(button("×", "Take this step away", () => { leaf.steps.splice(index, 1); if (!index) leaf.steps[0].gap = null; leaf.steps.forEach((each, at) => { if (at < leaf.steps.length - 1) each.absent = false; }); changed(); }, "btn plain tiny"));
  return made("span", { class: "filter step" }, ...parts);
}

const DRAWN = {
  trait: (leaf) => {
    const name = leaf.field.slice(6);
    return [
      typed("Trait", name, (value) => { if (/^[\w.:-]+$/.test(value)) leaf.field = `trait.${value}`; changed(); return leaf.field.slice(6); }, words.traits),
      ...comparison(leaf, "any", words.values[name] ?? []),
    ];
  },
  fact: (leaf) => {
    const kind = words.facts.find(([name]) => name === leaf.field)?.[2] ?? "any";
    const choices = words.facts.filter(([name]) => !isScore(name)).map(([name, label]) => [name, label]);
    const pick = choice("What", leaf.field, choices, (field) => {
      const other = words.facts.find(([name]) => name === field)?.[2];
      Object.assign(leaf, { field, ...(other === "flag" ? { operator: "=", value: true } : other === "number" ? { operator: ">=", value: 0 } : { operator: "known", value: null }) });
      changed();
    });
    return [pick, ...comparison(leaf, kind, [])];
  },
  score: (leaf) => [
    choice("Score", leaf.field, scores().map(([name, label]) => [name, label]), (field) => { leaf.field = field; changed(); }),
    ...comparison(leaf, "number", []),
  ],
  did: (leaf) => [
    typed("Event", leaf.event, (event) => { if (event.trim()) leaf.event = event.trim(); changed(); return leaf.event; }, words.events),
    choice("Counted or summed", leaf.total ?? "", [["", "how often"], ["value", "total value"]], (total) => {
      leaf.total = total;
      leaf.count = Math.max(total ? 0 : 1, Math.round(leaf.count));
      changed();
    }),
    choice("How much", leaf.operator, COUNTS, (operator) => { leaf.operator = operator; changed(); }),
    typed(leaf.total ? "Amount" : "Times", leaf.count, (count) => {
      const number = Number(count) || 0;
      leaf.count = leaf.total ? Math.round(number * 10000) / 10000 : Math.max(0, Math.round(number));
      changed();
      return leaf.count;
    }, [], "number"),
    ...windowed(leaf, leaf.total ? "" : "times"),
    ...filtered(leaf),
  ],
  sequence: (leaf) => [
    ...leaf.steps.map((step, index) => stepped(leaf, step, index)),
    button("+ then", "Add a step", () => { leaf.steps.forEach((step) => { step.absent = false; }); leaf.steps.push({ event: usualEvent(), where: [], gap: null, absent: false }); changed(); }, "btn plain tiny"),
    ...windowed(leaf),
  ],
  touch: (leaf) => [
    choice("First or last", leaf.which, [["first", "the first"], ["last", "the last"]], (which) => { leaf.which = which; changed(); }),
    typed("Event", leaf.event, (event) => { if (event.trim()) leaf.event = event.trim(); changed(); return leaf.event; }, words.events),
    ...windowed(leaf, "was"),
    ...filtered(leaf),
  ],
  date: (leaf) => {
    const name = leaf.field.replace(/^trait\./, "");
    const against = leaf.relation === "before" || leaf.relation === "since";
    const parts = [
      typed("Date", name, (value) => { if (/^[\w.:-]+$/.test(value)) leaf.field = `trait.${value}`; changed(); return leaf.field.slice(6); }, words.dates),
      choice("When", leaf.relation, DATES, (relation) => {
        const fixed = relation === "before" || relation === "since";
        const length = relation === "anniversary" ? { amount: Math.min(leaf.duration?.amount ?? 7, 180), unit: "days" } : leaf.duration ?? { amount: 7, unit: "days" };
        Object.assign(leaf, { relation, duration: fixed ? null : length, date: fixed ? leaf.date || new Date().toISOString().slice(0, 10) : "" });
        changed();
      }),
    ];
    if (against) return [...parts, typed("Day", leaf.date, (date) => { if (date) leaf.date = date; changed(); }, [], "date")];
    return [...parts, ...lasting(leaf, "duration", leaf.relation === "anniversary" ? 0 : 1, leaf.relation === "anniversary" ? ["days"] : UNITS)];
  },
  circumstance: (leaf) => [choice("Circumstance", leaf.circumstance, words.circumstances, (value) => { leaf.circumstance = value; changed(); })],
  consent: (leaf) => [choice("Purpose", leaf.purpose, words.purposes, (value) => { leaf.purpose = value; changed(); })],
  segment: (leaf) => [choice("Segment", leaf.segment, words.segments, (value) => { leaf.segment = value; changed(); })],
};

function row(rule, remove) {
  const not = choice("Whether", rule.not ? "not" : "", [["", "with"], ["not", "without"]], (value) => { rule.not = value === "not"; changed(); });
  not.classList.add("not");
  const away = button("×", "Take this away", remove, "btn plain tiny away");
  if (isGroup(rule)) return made("li", { class: "nested" }, not, group(rule), away);
  const kind = kindOf(rule);
  const there = { segment: words.segments, score: scores() };
  const kinds = KINDS.filter(([each]) => !there[each] || there[each].length || each === kind);
  const turn = choice("Kind of condition", kind, kinds, (value) => {
    const not = rule.not;
    for (const name of Object.keys(rule)) delete rule[name];
    Object.assign(rule, FRESH[value](), { not });
    changed();
  });
  return made("li", { class: "condition" }, not, turn, ...DRAWN[kind](rule), away);
}

function group(rule) {
  const joined = choice("How conditions are joined", rule.type, [["all", "All of these"], ["any", "Any of these"]], (type) => { rule.type = type; changed(); });
  const list = made("ul", {}, ...rule.rules.map((each, index) => row(each, () => { rule.rules.splice(index, 1); changed(); })));
  const add = (fresh) => () => { rule.rules.push({ not: false, ...fresh() }); changed(); };
  return made("div", { class: "group", "data-join": rule.type }, made("div", { class: "chips" }, joined), list,
    made("div", { class: "chips" },
      button("Add a condition", "Add a condition", add(FRESH.did)),
      button("Add a group", "Add a group", add(() => ({ type: "any", rules: [{ not: false, ...FRESH.did() }] })))));
}

/** Drawn whole; the field somebody was in keeps the focus. */
function draw() {
  const fields = () => [...place.querySelectorAll("input, select, button")];
  const at = fields().indexOf(document.activeElement);
  place.replaceChildren(group(tree));
  if (at >= 0) fields()[at]?.focus();
}

if (place && area) {
  place.hidden = false;
  area.addEventListener("input", (event) => { if (event.detail !== "builder") read(); });
  read();
}

// A list has no rule.
const byRule = document.querySelectorAll("[data-by-rule]");
document.querySelectorAll("input[name=kind]").forEach((radio) => {
  const follow = () => byRule.forEach((each) => { each.hidden = document.querySelector("input[name=kind]:checked")?.value === "list"; });
  radio.addEventListener("change", follow);
  follow();
});
