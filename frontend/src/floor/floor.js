// Runs in every browser there is, so in the words of 2009: says politely that this one is too old for the pages.
(function () {
  var TEXTS = [
    ["en", "This browser is too old for this page. Please update it, or open the page in a newer one: Chrome 87 or later, Safari 14 or later. On Android the update is called Android System WebView, or Chrome. Until then, please answer your leader by phone."],
    ["zh-Hans", "此浏览器版本过低，无法使用本页面。请更新浏览器，或改用较新的浏览器打开：Chrome 87 或以上、Safari 14 或以上。安卓手机请更新 Android System WebView 或 Chrome。在此之前，请用电话答复您的负责人。"]
  ];

  // Chrome has had both since 86, Safari since 14, Firefox since 78.
  if ("noModule" in document.createElement("script") && "replaceChildren" in document.documentElement) return;
  if (document.getElementById("main")) say();
  else document.addEventListener("DOMContentLoaded", say);

  function say() {
    var main = document.getElementById("main") || document.body;
    var loading = main.querySelector(".loading");
    var note = document.createElement("div");
    if (document.documentElement.lang.indexOf("zh") === 0) TEXTS.reverse();
    for (var i = 0; i < TEXTS.length; i += 1) note.appendChild(paragraph(TEXTS[i][0], TEXTS[i][1]));
    note.id = "too-old";
    note.className = "notice";
    note.setAttribute("role", "alert");
    main.insertBefore(note, main.firstChild);
    if (loading) loading.parentNode.removeChild(loading);
  }

  function paragraph(lang, text) {
    var element = document.createElement("p");
    element.lang = lang;
    element.appendChild(document.createTextNode(text));
    return element;
  }
})();
