// The live debugger: one line per event, told by the front as server-sent events.

const list = document.getElementById("live");
const state = document.getElementById("state");
const filter = document.getElementById("filter");
const source = document.getElementById("source");
const pause = document.getElementById("pause");
const names = JSON.parse(document.getElementById("source-names").textContent);
const MOST = 500;
let paused = false;
let held = [];

const node = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

function fits(line) {
  const wanted = filter.value.trim().toLowerCase();
  return (!source.value || line.dataset.source === source.value) && (!wanted || line.dataset.text.includes(wanted));
}

function recount() {
  let shown = 0;
  for (const line of list.children) {
    line.hidden = !fits(line);
    if (!line.hidden) shown += 1;
  }
  document.getElementById("count").textContent = shown;
  document.getElementById("waiting").hidden = list.childElementCount > 0;
}

function draw(kind, said) {
  const line = node("details", "live-line");
  const summary = node("summary");
  const at = new Date(kind === "dropped" ? said.received : said.received ?? Date.now());
  summary.append(node("span", "time", at.toLocaleTimeString()));
  line.dataset.at = String(at.getTime());
  if (kind === "dropped") {
    const why = node("span", "cut", `${said.reason.replaceAll("_", " ")}: `);
    why.append(node("bdi", "", said.detail));
    summary.append(node("span", "chip low", "dropped"), why, node("span", "cut soft"));
    const link = node("a", "link", "Open the dead letter");
    link.href = `${list.dataset.letters}${said.id}/`;
    line.append(summary, link);
  } else {
    summary.append(node("span", "chip", said.type), node("bdi", "cut", said.name || "—"));
    const who = node("bdi", "cut soft", said.user_id || said.anonymous_id || "");
    summary.append(who);
    line.append(summary);
  }
  summary.append(node("bdi", "cut soft", names[said.source] ?? said.source ?? ""));
  line.dataset.source = said.source ?? "";
  line.dataset.text = JSON.stringify(said).toLowerCase();
  // The indented text is made when somebody opens the line: most are never opened.
  line.addEventListener("toggle", () => {
    if (line.open && !line.querySelector("pre")) line.append(node("pre", "", JSON.stringify(said, null, 2)));
  });
  line.hidden = !fits(line);
  return line;
}

function add(lines) {
  // What was turned away is told a little later than what passed: every line goes where its time says.
  for (const line of lines.slice(-MOST)) {
    let next = list.firstElementChild;
    while (next && Number(next.dataset.at) > Number(line.dataset.at)) next = next.nextElementSibling;
    list.insertBefore(line, next);
  }
  while (list.childElementCount > MOST) list.lastElementChild.remove();
  recount();
}

function say(text) { state.textContent = text; }

// Bursts are drawn once a frame, not once an event.
let arrived = [];
function receive(kind) {
  return (message) => {
    arrived.push([kind, message.data]);
    if (arrived.length === 1) requestAnimationFrame(() => {
      const lines = arrived.slice(-MOST).map(([type, data]) => draw(type, JSON.parse(data)));
      arrived = [];
      if (paused) {
        held = held.concat(lines).slice(-MOST);
        pause.textContent = `Go on (${held.length})`;
      } else add(lines);
    });
  };
}

pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  pause.textContent = paused ? "Go on" : "Pause";
  if (!paused) { add(held); held = []; }
});
document.getElementById("clear").addEventListener("click", () => { list.replaceChildren(); held = []; recount(); });
filter.addEventListener("input", recount);
source.addEventListener("change", recount);

const stream = new EventSource(list.dataset.address);
stream.addEventListener("open", () => say("Watching"));
stream.addEventListener("event", receive("event"));
stream.addEventListener("dropped", receive("dropped"));
stream.addEventListener("error", () => {
  say(stream.readyState === EventSource.CLOSED ? "Not connected: reload the page to watch again" : "Connecting again…");
});
