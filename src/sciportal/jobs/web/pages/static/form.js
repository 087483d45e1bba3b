// Says of files that are too large or too many before they are sent; the server checks them anyway.
"use strict";

function judge(input) {
  const files = [...input.files];
  const { mostBytes, mostFiles } = input.dataset;
  const large = mostBytes && files.find((file) => file.size > Number(mostBytes));
  if (large) return `${large.name} is larger than ${mostBytes} bytes.`;
  if (mostFiles && files.length > Number(mostFiles)) return `Choose at most ${mostFiles} files.`;
  return "";
}

for (const input of document.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", () => {
    input.setCustomValidity(judge(input));
    input.reportValidity();
  });
}
