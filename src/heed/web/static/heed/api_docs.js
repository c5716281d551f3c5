// The API's description, drawn by Swagger UI in the colours of the theme.

const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => {
  const theme = document.documentElement.dataset.theme;
  document.documentElement.classList.toggle("dark-mode", theme === "dark" || (theme === "auto" && dark.matches));
};
dark.addEventListener("change", paint);
paint();

const settings = JSON.parse(document.getElementById("swagger-settings").textContent);
SwaggerUIBundle({
  ...settings,
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset].filter(Boolean),
});
