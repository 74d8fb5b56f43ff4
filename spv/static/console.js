// The console: Swagger UI on our own document. What is tried here is only checked.
(function () {
  "use strict";

  var place = document.getElementById("console");

  function checkOnly(request) {
    var url = new URL(request.url, window.location.href);
    var stores = /\/(serial-numbers|invalidations)$/.test(url.pathname);
    if (request.method === "POST" && stores) {
      url.searchParams.set("validate-only", "true");
      request.url = url.href;
    }
    return request;
  }

  window.SwaggerUIBundle({
    url: place.dataset.document,
    domNode: place,
    defaultModelsExpandDepth: 0,
    docExpansion: "list",
    requestInterceptor: checkOnly,
    tryItOutEnabled: true,
    validatorUrl: null
  });
})();
