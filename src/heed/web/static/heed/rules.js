// Beside every rule: ready conditions to choose from. Without this script a rule is plain text.

const conditions = JSON.parse(document.getElementById("conditions")?.textContent ?? "[]");

const made = (tag, attributes = {}, ...inside) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...inside);
  return node;
};
const select = (label, choices) => {
  const field = made("select", { "aria-label": label });
  choices.forEach(([words, value]) => field.append(made("option", { value }, words)));
  return field;
};

/** Put a condition where the cursor stands, or behind what is there, joined by "and". */
function insert(area, condition) {
  const text = area.value;
  const part = text.trim() && / or /.test(condition) ? `(${condition})` : condition;
  const before = text.trimEnd();
  const joined = !before || /(\band|\bor|\bnot|\()$/.test(before) ? " " : " and ";
  area.value = before ? before + joined + part : part;
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.focus();
  area.setSelectionRange(area.value.length, area.value.length);
}

function draw(box) {
  const area = box.querySelector("textarea");
  const place = box.querySelector(".picker");
  if (!place) return;
  const kind = select("Kind of condition", conditions.map((each, i) => [each.kind, String(i)]));
  const which = made("select", { "aria-label": "Condition" });
  const often = made("input", { type: "number", min: "1", max: "1000", value: "1", "aria-label": "At least so many times" });
  const days = made("input", { type: "number", min: "1", max: "400", value: "30", "aria-label": "Within so many days" });
  const counts = made("span", { class: "often" }, "at least", often, "times within", days, "days");
  const not = made("input", { type: "checkbox" });
  const add = made("button", { type: "button", class: "btn tiny" }, "Add to the rule");
  const offer = () => {
    const chosen = conditions[Number(kind.value)];
    which.replaceChildren(...chosen.choices.map(([words, value]) => made("option", { value }, words)));
    which.disabled = add.disabled = !chosen.choices.length;
    if (!chosen.choices.length) which.append(made("option", {}, "none known yet"));
    counts.hidden = !chosen.counts;
  };
  kind.addEventListener("change", offer);
  add.addEventListener("click", () => {
    let condition = which.value;
    if (conditions[Number(kind.value)].counts) {
      if (Number(often.value) > 1) condition += ` at least ${Math.round(often.value)} times`;
      if (Number(days.value) > 0) condition += ` within ${Math.round(days.value)} days`;
    }
    if (not.checked) condition = / and /.test(condition) ? `not (${condition})` : `not ${condition}`;
    insert(area, condition);
    not.checked = false;
  });
  place.append(kind, which, counts, made("label", { class: "check" }, not, " not"), add);
  place.hidden = false;
  offer();
}

if (conditions.length) document.querySelectorAll("[data-rule]").forEach(draw);

// A new action of a kind people must agree to asks for marketing, until somebody says otherwise.
const form = document.querySelector("[data-new-action]");
if (form) {
  const kinds = form.dataset.newAction.split(" ");
  const purpose = form.elements.purpose;
  let own = purpose.value;
  const follow = () => {
    if (purpose.value !== own) return;
    own = purpose.value = kinds.includes(form.elements.kind.value) ? "marketing" : "";
  };
  form.elements.kind.addEventListener("change", follow);
}
