/* The report's own script: draws the figures (when vega is there), light and dark, the threshold's
 * cost, enlarged effects, the place in the contents. Reads only data that is in the page. */
(function () {
  "use strict";
  var root = document.documentElement;
  var live = typeof window.vegaEmbed === "function";
  var figures = [];
  var views = {};

  function each(selector, fn) {
    Array.prototype.forEach.call(document.querySelectorAll(selector), fn);
  }
  function color(name) {
    return getComputedStyle(root).getPropertyValue("--" + name).trim();
  }
  function json(id) {
    var node = document.getElementById(id);
    return node ? JSON.parse(node.textContent) : null;
  }

  /* --- figures ------------------------------------------------------------------------------- */
  function config() {
    var sans = getComputedStyle(document.body).fontFamily;
    var text = { labelFont: sans, titleFont: sans, labelColor: color("soft"), titleColor: color("soft"),
      labelFontSize: 11.5, titleFontSize: 12, titleFontWeight: 500 };
    function and(more) { return Object.assign({}, text, more); }
    return {
      background: "transparent", font: sans, padding: { left: 2, right: 6, top: 4, bottom: 2 },
      view: { stroke: null },
      axis: and({ gridColor: color("line"), gridOpacity: 0.8, domainColor: color("grey"),
        tickColor: color("grey"), tickSize: 4, labelLimit: 130, titleLimit: 300, titlePadding: 8,
        labelOverlap: true }),
      axisBand: { grid: false },
      legend: and({ labelLimit: 160, symbolType: "circle", orient: "top", titlePadding: 4 }),
      header: and({}), text: { color: color("ink"), font: sans, fontSize: 12 },
      bar: { color: color("blue") }, line: { color: color("blue"), strokeWidth: 2 },
      point: { color: color("blue"), filled: true }, circle: { color: color("blue") },
      rect: { color: color("blue") }, rule: { color: color("soft") }, tick: { color: color("soft") },
      area: { color: color("blue") }, errorbar: { color: color("ink") },
      style: {
        "ken-second": { color: color("orange"), fill: color("orange"), stroke: color("orange") },
        "ken-base": { color: color("grey"), stroke: color("grey"), strokeDash: [4, 4], strokeWidth: 1.2 },
        "ken-mark": { color: color("orange"), fill: color("orange"), stroke: color("paper"), strokeWidth: 2, size: 150, opacity: 1 },
        "ken-thin": { stroke: color("blue"), strokeWidth: 0.8, strokeOpacity: 0.22 },
        "ken-tick": { color: color("blue"), fill: color("blue"), opacity: 0.28 },
        "ken-error": { color: color("ink"), stroke: color("ink"), strokeWidth: 1.4 },
        "ken-rug": { color: color("soft"), stroke: color("soft"), strokeWidth: 1, opacity: 0.8 },
        "ken-dot": { fill: color("blue"), size: 70, opacity: 1 },
        "ken-cloud": { fill: color("blue"), size: 22, opacity: 0.4 }
      },
      range: {
        category: ["blue", "orange", "green", "purple", "gold", "grey"].map(color),
        diverging: [color("low"), color("mid"), color("high")],
        heatmap: [color("low"), color("word"), color("high")], ramp: [color("ramp-0"), color("ramp-1")]
      }
    };
  }
  function draw(figure) {
    if (figure.drawn) return Promise.resolve();
    figure.drawn = true;
    var holder = figure.plot;
    if (!figure.spec) figure.spec = json(holder.dataset.spec);
    return window.vegaEmbed(holder, figure.spec, {
      renderer: "svg", actions: false, config: config(), tooltip: { theme: "custom" }
    }).then(function (result) {
      figure.view = result.view;
      views[holder.dataset.spec] = result.view;
      if (holder.closest(".wide")) result.view.height(320).runAsync();
      holder.dispatchEvent(new Event("drawn"));
    }).catch(function (error) {
      holder.textContent = "This figure could not be drawn: " + error.message;
      console.error(error);
    });
  }
  function redraw() {
    figures.forEach(function (f) {
      if (!f.drawn) return;
      if (f.view) f.view.finalize();
      f.drawn = false;
      f.view = null;
      draw(f);
    });
  }
  function rest(i) {
    while (i < figures.length && figures[i].drawn) i++;
    if (i >= figures.length) { root.dataset.drawn = "all"; return; }
    draw(figures[i]).then(function () { setTimeout(rest, 0, i + 1); });
  }
  if (live) {
    document.body.classList.remove("plain");
    each("details.numbers", function (d) { d.open = false; });
    each(".plot[data-spec]", function (plot) { figures.push({ plot: plot, drawn: false }); });
    if (window.IntersectionObserver) {
      var seen = new IntersectionObserver(function (entries) {
        entries.forEach(function (e) {
          if (e.isIntersecting) figures.forEach(function (f) { if (f.plot === e.target) draw(f); });
        });
      }, { rootMargin: "300px" });
      figures.forEach(function (f) { seen.observe(f.plot); });
    }
    setTimeout(rest, 60, 0);
  }

  /* --- light and dark ------------------------------------------------------------------------- */
  var toggle = document.querySelector(".theme");
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
  }
  function label() {
    if (toggle) toggle.textContent = isDark() ? "☀ Light" : "☾ Dark";
    if (toggle) toggle.setAttribute("aria-label", isDark() ? "Use light colors" : "Use dark colors");
  }
  if (toggle) {
    toggle.hidden = false;
    toggle.addEventListener("click", function () {
      root.dataset.theme = isDark() ? "light" : "dark";
      label();
      redraw();
    });
    dark.addEventListener("change", function () { label(); redraw(); });
    label();
  }
  var before = null;
  window.addEventListener("beforeprint", function () {
    before = root.dataset.theme || "";
    if (isDark()) { root.dataset.theme = "light"; redraw(); }
  });
  window.addEventListener("afterprint", function () {
    if (before === null) return;
    if (before) root.dataset.theme = before; else delete root.dataset.theme;
    before = null;
    redraw();
  });

  /* --- effects: enlarge -------------------------------------------------------------------------- */
  each(".enlarge", function (button) {
    button.addEventListener("click", function () {
      var card = button.closest("figure");
      var wide = card.classList.toggle("wide");
      button.setAttribute("aria-expanded", String(wide));
      button.textContent = wide ? "×" : "⤢";
      figures.forEach(function (f) {
        if (!card.contains(f.plot) || !f.view) return;
        f.view.height(wide ? 320 : f.spec.height);
      });
      window.dispatchEvent(new Event("resize"));
    });
  });

  /* --- the threshold and what its mistakes cost ---------------------------------------------------- */
  function threshold(box) {
    var data = json("threshold-data");
    if (!data) return;
    var t = data.t, tp = data.tp, fp = data.fp, P = data.positives, N = data.negatives;
    var slider = box.querySelector("input[type=range]");
    var costs = box.querySelectorAll("input[type=number]");
    var number = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
    function percent(a, b) { return b > 0 ? (100 * a / b).toFixed(1) + " %" : "–"; }
    function put(name, text) {
      var node = box.querySelector("[data-out=" + name + "]");
      if (node) node.textContent = text;
    }
    function cell(name, count, of) {
      var node = box.querySelector("[data-cell=" + name + "]");
      node.querySelector("b").textContent = number.format(count);
      node.querySelector("span").textContent = percent(count, of);
      node.style.setProperty("--share", of > 0 ? count / of : 0);
    }
    function cost(i) {
      return fp[i] * (parseFloat(costs[0].value) || 0) + (P - tp[i]) * (parseFloat(costs[1].value) || 0);
    }
    function show() {
      var i = parseInt(slider.value, 10);
      var predicted = tp[i] + fp[i];
      cell("tp", tp[i], P);
      cell("fn", P - tp[i], P);
      cell("fp", fp[i], N);
      cell("tn", N - fp[i], N);
      put("threshold", t[i].toFixed(3));
      put("precision", percent(tp[i], predicted));
      put("recall", percent(tp[i], P));
      put("specificity", percent(N - fp[i], N));
      put("accuracy", percent(tp[i] + N - fp[i], P + N));
      put("f1", (P + predicted > 0 ? 2 * tp[i] / (P + predicted) : 0).toFixed(3));
      put("cost", number.format(1000 * cost(i) / (P + N)));
      slider.setAttribute("aria-valuetext", "threshold " + t[i].toFixed(3));
      ["spec-roc", "spec-pr", "spec-scores"].forEach(function (id) {
        if (views[id]) views[id].signal("threshold", t[i]).runAsync();
      });
    }
    slider.addEventListener("input", show);
    Array.prototype.forEach.call(costs, function (c) { c.addEventListener("input", show); });
    box.querySelector("button").addEventListener("click", function () {
      var best = 0;
      for (var i = 1; i < t.length; i++) if (cost(i) < cost(best)) best = i;
      slider.value = best;
      show();
    });
    each(".plot[data-spec]", function (plot) { plot.addEventListener("drawn", show); });
    show();
  }
  each(".threshold", threshold);

  /* --- the contents: where we are -------------------------------------------------------------------- */
  var links = {};
  /* A frame in a notebook has no address that a link could add its # to: the page is moved instead. */
  if (location.protocol === "about:")
    each("a[href^='#']", function (a) {
      a.addEventListener("click", function (event) {
        var to = document.getElementById(a.getAttribute("href").slice(1));
        if (to) { event.preventDefault(); to.scrollIntoView(); }
      });
    });
  each(".toc a", function (a) { links[a.getAttribute("href").slice(1)] = a; });
  function here() {
    var current = null;
    each("main section[id]", function (s) {
      if (s.getBoundingClientRect().top < window.innerHeight * 0.35) current = s.id;
    });
    Object.keys(links).forEach(function (id) {
      if (id === current) links[id].setAttribute("aria-current", "true");
      else links[id].removeAttribute("aria-current");
    });
    var strip = document.querySelector(".toc ol");
    if (current && strip.scrollWidth > strip.clientWidth)
      strip.scrollLeft = links[current].offsetLeft - strip.clientWidth / 2 + links[current].offsetWidth / 2;
  }
  var waiting = false;
  window.addEventListener("scroll", function () {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(function () { waiting = false; here(); });
  }, { passive: true });
  here();
})();
