// The hostile page's service worker: asks the vault, and tells the page what it got.
const vault = new URL(location).searchParams.get("vault");
self.onmessage = message => fetch(`${vault}/secret?way=worker`, {credentials: "include"})
    .then(answer => answer.text()).then(text => message.ports[0].postMessage(text), () => message.ports[0].postMessage(null));
