"use strict";
(function () {
  var root = document.documentElement;
  function all(selector, from) { return Array.prototype.slice.call((from || document).querySelectorAll(selector)); }
  function kept(name, value) {
    try {
      if (value) { localStorage.setItem("screener-" + name, value); }
      return localStorage.getItem("screener-" + name);
    } catch (error) { return null; }
  }
  function speak(language) {
    root.lang = language;
    var title = document.querySelector("title");
    document.title = title.getAttribute("data-" + language);
    ["aria-label", "placeholder", "title"].forEach(function (name) {
      all("[data-" + language + "-" + name + "]").forEach(function (item) {
        item.setAttribute(name, item.getAttribute("data-" + language + "-" + name));
      });
    });
    all("[data-speak]").forEach(function (item) {
      item.setAttribute("aria-pressed", String(item.getAttribute("data-speak") === language));
    });
  }
  function rise(colour) {
    if (colour) { root.setAttribute("data-rise", colour); }
    document.querySelector("[data-red]").setAttribute("aria-pressed", String(isRed()));
  }
  function isRed() { return (root.getAttribute("data-rise") || (root.lang === "zh" ? "red" : "green")) === "red"; }
  var before = kept("language");
  speak(before === "en" || before === "zh" ? before : root.lang);
  all("[data-speak]").forEach(function (item) {
    item.addEventListener("click", function () { speak(item.getAttribute("data-speak")); kept("language", root.lang); rise(); });
  });
  rise(kept("rise"));
  document.querySelector("[data-red]").addEventListener("click", function () {
    rise(kept("rise", isRed() ? "green" : "red") || (isRed() ? "green" : "red"));
  });

  function tell(english, chinese) {
    var told = document.getElementById("told");
    told.textContent = root.lang === "zh" ? chinese : english;
    setTimeout(function () { told.textContent = ""; }, 1600);
  }
  function rowsOf(table) {
    var held = table.querySelector("template.csv");
    return held ? held.content.textContent : "";
  }
  function copied(text) {
    if (navigator.clipboard && window.isSecureContext) { return navigator.clipboard.writeText(text); }
    return new Promise(function (done, failed) {
      var area = document.createElement("textarea");
      area.value = text;
      document.body.appendChild(area);
      area.select();
      var well = document.execCommand("copy");
      area.remove();
      if (well) { done(); } else { failed(); }
    });
  }
  all("[data-copy]").forEach(function (item) {
    item.addEventListener("click", function () {
      copied(rowsOf(item.closest(".held"))).then(
        function () { tell("Copied", "已复制"); },
        function () { tell("The browser does not allow it", "浏览器不允许复制"); }
      );
    });
  });
  all("[data-filter]").forEach(function (item) {
    var table = item.closest(".held").querySelector("table");
    item.addEventListener("input", function () {
      var wanted = item.value.trim().toLowerCase();
      all("tbody tr", table).forEach(function (row) {
        row.hidden = wanted !== "" && row.textContent.toLowerCase().indexOf(wanted) < 0;
      });
    });
  });

  function valueOf(cell) {
    var held = cell.getAttribute("data-v");
    var text = held === null ? cell.textContent.trim() : held;
    if (cell.classList.contains("n")) {
      var number = parseFloat(text.replace(/[,%\s+]/g, "").replace("−", "-"));
      return isNaN(number) ? null : number;
    }
    return text === "-" ? null : text;
  }
  function compare(one, other) {
    if (typeof one === "number") { return one - other; }
    return String(one).localeCompare(String(other), "zh");
  }
  all("table.sorted thead button").forEach(function (item) {
    item.addEventListener("click", function () {
      var head = item.parentNode, table = head.closest("table"), body = table.tBodies[0];
      var at = head.cellIndex, falling = head.getAttribute("aria-sort") === "descending";
      if (head.getAttribute("aria-sort") === "none") { falling = !head.classList.contains("n"); }
      all("thead th[aria-sort]", table).forEach(function (other) { other.setAttribute("aria-sort", "none"); });
      head.setAttribute("aria-sort", falling ? "ascending" : "descending");
      var rows = all("tr", body).map(function (row) { return [valueOf(row.cells[at]), row]; });
      rows.sort(function (one, other) {
        if (one[0] === null || other[0] === null) { return (one[0] === null) - (other[0] === null); }
        return falling ? compare(one[0], other[0]) : compare(other[0], one[0]);
      });
      rows.forEach(function (pair) { body.appendChild(pair[1]); });
    });
  });

  all("figure[data-read]").forEach(function (figure) {
    var plot = figure.querySelector(".plot>svg"), out = figure.querySelector(".readout");
    var lines = rowsOf(figure).trim().split("\n").map(function (line) { return line.split(","); });
    var heads = lines.shift(), cursor = figure.querySelector(".cursor");
    var names = {};
    all("[data-column]", figure).forEach(function (item) { names[item.getAttribute("data-column")] = item; });
    function read(event) {
      var box = plot.getBoundingClientRect();
      var at = Math.round((event.clientX - box.left) / box.width * (lines.length - 1));
      at = Math.max(0, Math.min(lines.length - 1, at));
      cursor.setAttribute("x1", 100 * at / Math.max(1, lines.length - 1) + "%");
      cursor.setAttribute("x2", cursor.getAttribute("x1"));
      cursor.removeAttribute("visibility");
      out.textContent = lines[at].map(function (text, column) {
        if (column === 0) { return text; }
        if (text === "" || !names[heads[column]]) { return ""; }
        var value = (parseFloat(text) - parseFloat(figure.getAttribute("data-read"))) * 100;
        return names[heads[column]].innerText.split("\n")[0].trim() + " " + (value > 0 ? "+" : "") + value.toFixed(2).replace("-", "−") + " %";
      }).filter(Boolean).join(" · ");
    }
    plot.addEventListener("pointermove", read);
    plot.addEventListener("pointerdown", read);
    plot.addEventListener("pointerleave", function () { cursor.setAttribute("visibility", "hidden"); out.textContent = ""; });
  });
  window.addEventListener("beforeprint", function () {
    all("details").forEach(function (item) { item.open = true; });
  });
}());
