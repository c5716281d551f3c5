/* Heed's web tag. In a page:
     <script async src="https://heed.example/t.js" data-key="heed_write_…"></script>
   then heed.track("Product Viewed", {product_id: "42"}), heed.identify("user-1", {email: "…"}),
   heed.page(), heed.alias("user-1"), heed.group("acme"), heed.known(["email"]), heed.consent({marketing: true}), heed.reset().
   data-auto="off" turns automatic events off; data-wait-consent asks for heed.consent() before anything is
   sent. Do Not Track and Global Privacy Control are honoured: then nothing is stored and nothing is sent,
   unless heed.consent({analytics: true}) was called by the visitor's own choice. */
(function (w, d) {
  "use strict";
  var script = d.currentScript || d.querySelector("script[data-key][src*='t.js']");
  if (!script || (w.heed && w.heed.loaded)) return;
  var key = script.getAttribute("data-key");
  var host = script.getAttribute("data-host") || new URL(script.src).origin;
  var automatic = script.getAttribute("data-auto") !== "off";
  var n = w.navigator, earlier = (w.heed && w.heed.q) || [];
  var store = (function () {
    try { var s = w.localStorage; s.setItem("heed_t", "1"); s.removeItem("heed_t"); return s; } catch (e) { return null; }
  })();
  var memory = {};
  function get(name) { return store ? store.getItem("heed_" + name) : memory[name] || null; }
  function set(name, value) {
    if (value === null) { if (store) store.removeItem("heed_" + name); delete memory[name]; return; }
    memory[name] = value;
    if (store) try { store.setItem("heed_" + name, value); } catch (e) { /* full: memory has it */ }
  }
  function id() {
    if (w.crypto && w.crypto.randomUUID) return w.crypto.randomUUID();
    return "xxxxxxxxxxxx4xxxyxxxxxxxxxxxxxxx".replace(/[xy]/g, function (c) {
      var r = (w.crypto ? w.crypto.getRandomValues(new Uint8Array(1))[0] : Math.random() * 256) & 15;
      return (c === "x" ? r : (r & 3) | 8).toString(16);
    });
  }
  var refuses = n.globalPrivacyControl === true || n.doNotTrack === "1" || w.doNotTrack === "1";
  var consent = null;
  try { consent = JSON.parse(get("consent")); } catch (e) { /* damaged: as if never asked */ }
  function may() {
    if (consent && typeof consent.analytics === "boolean") return consent.analytics;
    return !refuses && !script.hasAttribute("data-wait-consent");
  }
  function anonymous() {
    var known = get("anon");
    if (!known) set("anon", (known = id()));
    return known;
  }
  function session() {
    var now = Date.now(), parts = (get("session") || "").split("|");
    if (!parts[1] || now - +parts[1] > 18e5) parts = [id(), now];
    set("session", parts[0] + "|" + now);
    return parts[0];
  }
  function forget() { ["user", "anon", "session"].forEach(function (name) { set(name, null); }); }
  function context() {
    var zone = "";
    try { zone = Intl.DateTimeFormat().resolvedOptions().timeZone; } catch (e) { /* old browser */ }
    var made = {
      library: { name: "heed.js", version: "1" },
      page: { url: location.href, path: location.pathname, referrer: d.referrer, title: d.title },
      userAgent: n.userAgent, locale: n.language, timezone: zone, sessionId: session(),
      screen: { width: w.innerWidth, height: w.innerHeight },
      device: { type: w.matchMedia && w.matchMedia("(pointer:coarse)").matches && w.innerWidth < 900 ? "mobile" : "desktop" }
    };
    var campaign = {};
    new URLSearchParams(location.search).forEach(function (value, name) {
      if (name.indexOf("utm_") === 0) campaign[name.slice(4) === "campaign" ? "name" : name.slice(4)] = value;
    });
    if (Object.keys(campaign).length) made.campaign = campaign;
    if (consent) made.consent = { categoryPreferences: consent };
    return made;
  }
  /* The queue lives in storage, so that a closed tab's last events are sent by the next page. */
  var queue = [], sending = false, timer = 0, pause = 1000;
  function load() { try { return JSON.parse(get("queue")) || []; } catch (e) { return []; } }
  function save() { set("queue", queue.length ? JSON.stringify(queue.slice(-200)) : null); }
  function add(call, anyway) {
    if (!anyway && !may()) return;
    call.messageId = id();
    call.timestamp = new Date().toISOString();
    call.anonymousId = anonymous();
    var user = get("user");
    if (user && !call.userId) call.userId = user;
    call.context = context();
    queue.push(call);
    save();
    soon(queue.length >= 20 ? 0 : 300);
  }
  function soon(wait) { clearTimeout(timer); timer = setTimeout(send, wait); }
  function body(batch) { return JSON.stringify({ batch: batch, sentAt: new Date().toISOString(), writeKey: key }); }
  function send(anyway) {
    if (sending || !queue.length || (anyway !== true && !may())) return;
    sending = true;
    var batch = queue.slice(0, 50), again = false;
    fetch(host + "/v1/batch", { method: "POST", headers: { "Content-Type": "text/plain" }, body: body(batch), keepalive: true })
      .then(function (r) {
        again = r.status === 429 || r.status >= 500;
        var wait = +r.headers.get("Retry-After");
        if (again && wait) pause = Math.min(wait, 300) * 1000;
      }, function () { again = true; })
      .then(function () {
        sending = false;
        if (again) { soon(pause); pause = Math.min(pause * 2, 6e4); return; }
        pause = 1000;
        var sent = {};
        batch.forEach(function (call) { sent[call.messageId] = 1; });
        queue = queue.filter(function (call) { return !sent[call.messageId]; });
        save();
        if (queue.length) soon(0);
      });
  }
  /* Leaving: the browser delivers a beacon itself. Both it and the stored queue may arrive; ids tell. */
  function leave() {
    if (!queue.length || !may() || !n.sendBeacon) return;
    n.sendBeacon(host + "/beacon/v1/batch", new Blob([body(queue.slice(0, 50))], { type: "text/plain" }));
  }
  var api = {
    loaded: true,
    track: function (event, properties) { add({ type: "track", event: event, properties: properties || {} }); },
    page: function (name, properties) {
      add({ type: "page", name: name || d.title, properties: Object.assign({ path: location.pathname, url: location.href, title: d.title, referrer: d.referrer }, properties) });
    },
    identify: function (user, traits) {
      if (user && typeof user === "object") { traits = user; user = get("user"); }
      if (!may()) return;
      if (user) set("user", String(user));
      add({ type: "identify", userId: user ? String(user) : undefined, traits: traits || {} });
    },
    group: function (group, traits) { add({ type: "group", groupId: group, traits: traits || {} }); },
    alias: function (user) { add({ type: "alias", userId: String(user), previousId: anonymous() }); },
    /* Which fields of a form need not be asked: {email: {known: true, permitted: true}, …}; never a value. */
    known: function (fields, purpose) {
      if (!may()) return Promise.resolve({});
      return fetch(host + "/v1/known", {
        method: "POST", headers: { "Content-Type": "text/plain" },
        body: JSON.stringify({ fields: fields, purpose: purpose || "service", anonymousId: anonymous(), writeKey: key })
      }).then(function (r) { return r.ok ? r.json() : { fields: {} }; }, function () { return { fields: {} }; })
        .then(function (found) { return found.fields; });
    },
    reset: forget,
    consent: function (choices) {
      consent = Object.assign(consent || {}, choices);
      set("consent", JSON.stringify(consent));
      /* A refusal must reach those who know this visitor already, and is the last thing sent. */
      var refused = consent.analytics === false, known = get("anon") || get("user");
      if (refused) queue = [];
      if (!refused || known) Object.keys(choices).forEach(function (purpose) {
        add({ type: "track", event: "Consent Changed", properties: { purpose: purpose, granted: !!choices[purpose] } }, true);
      });
      if (refused) { send(true); forget(); }
    },
    flush: send
  };
  function describe(element) {
    var at = element.closest && element.closest("a,button,input,select,textarea,label,summary,[role=button],[onclick]");
    var target = at || element;
    var field = /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
    return {
      element: target.tagName.toLowerCase(), selector: path(target), live: !!at,
      text: field ? "" : (target.textContent || "").trim().replace(/\s+/g, " ").slice(0, 80)
    };
  }
  function path(element) {
    var parts = [];
    for (; element && element.tagName && parts.length < 4; element = element.parentElement) {
      var part = element.tagName.toLowerCase();
      if (element.id) { parts.unshift(part + "#" + element.id); break; }
      parts.unshift(part + (element.classList[0] ? "." + element.classList[0] : ""));
    }
    return parts.join(">").slice(0, 100);
  }
  var clicks = [], changed = 0, errors = {};
  function clicked(event) {
    var what = describe(event.target), now = Date.now();
    clicks = clicks.filter(function (c) { return now - c[0] < 1000 && Math.abs(c[1] - event.clientX) + Math.abs(c[2] - event.clientY) < 40; });
    clicks.push([now, event.clientX, event.clientY]);
    var about = { element: what.element, selector: what.selector, text: what.text };
    if (clicks.length === 3) { api.track("Rage Click", about); return; }
    if (clicks.length > 3) return;
    if (what.live) api.track("Element Clicked", about);
    var busy = /^(input|select|textarea|label)$/.test(what.element);
    if (busy || String(w.getSelection && w.getSelection())) return;
    var before = changed, url = location.href, looks = what.live || getComputedStyle(event.target).cursor === "pointer";
    if (looks) setTimeout(function () {
      if (changed === before && location.href === url && !d.hidden) api.track("Dead Click", about);
    }, 1500);
  }
  function failed(message, source, line) {
    var text = String(message).slice(0, 200);
    if (errors[text] || Object.keys(errors).length >= 10) return;
    errors[text] = 1;
    api.track("Script Error", { message: text, file: String(source || "").split("?")[0].slice(-100), line: line || 0 });
  }
  function start() {
    queue = load();
    w.addEventListener("pagehide", leave);
    d.addEventListener("visibilitychange", function () { if (d.hidden) leave(); });
    w.addEventListener("online", send);
    if (automatic) {
      d.addEventListener("click", clicked, true);
      d.addEventListener("submit", function (event) { api.track("Form Submitted", { form_id: event.target.id || "", selector: path(event.target) }); }, true);
      w.addEventListener("error", function (event) { failed(event.message, event.filename, event.lineno); });
      w.addEventListener("unhandledrejection", function (event) { failed((event.reason && event.reason.message) || event.reason, "", 0); });
      if (w.MutationObserver) new MutationObserver(function () { changed++; }).observe(d.documentElement, { childList: true, subtree: true, attributes: true, characterData: true });
      d.addEventListener("scroll", function () { changed++; }, true);
      var shown = "";
      var view = function () { if (location.href !== shown) { shown = location.href; api.page(); } };
      ["pushState", "replaceState"].forEach(function (name) {
        var own = history[name];
        history[name] = function () { var result = own.apply(this, arguments); setTimeout(view, 0); return result; };
      });
      w.addEventListener("popstate", view);
      view();
    }
    w.heed = api;
    earlier.forEach(function (call) { if (typeof api[call[0]] === "function") api[call[0]].apply(api, [].slice.call(call, 1)); });
    if (queue.length) soon(0);
  }
  start();
})(window, document);
