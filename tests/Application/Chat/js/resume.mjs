// The public SignalR client from Node: asks, loses its connection in the middle of the answer, comes back by itself and goes on after
// the last number. Prints "cut me" once it has read something of the answer that it asked for, and at the end one line of JSON with all that it read.
// Use: SOPHIA_URL, SOPHIA_KEY, SOPHIA_SESSION, SOPHIA_QUESTION (without it, it only reads) and SOPHIA_AFTER.
import * as signalR from "@microsoft/signalr";

const { SOPHIA_URL: url, SOPHIA_KEY: key, SOPHIA_SESSION: session, SOPHIA_QUESTION: question } = process.env;
const seen = [];
let last = Number(process.env.SOPHIA_AFTER ?? 0);
let asked = false;
let reconnections = 0;

const hub = new signalR.HubConnectionBuilder()
  .withUrl(`${url}/hub`, { accessTokenFactory: () => key })
  .withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => 50 })
  .configureLogging(signalR.LogLevel.None)
  .build();

const finished = new Promise((resolve, reject) => {
  const read = (before = reconnections) => hub.stream("Events", session, last).subscribe({
    next: event => {
      seen.push(event);
      last = event.number;
      if (event.kind === "text" && question && !asked) {
        asked = true;
        console.log("cut me");
      }
    },
    complete: resolve,
    // A cut ends the stream before the client knows that it has lost its connection: then onreconnected reads on.
    error: error => setTimeout(() => { if (hub.state === signalR.HubConnectionState.Connected && reconnections === before) reject(error); }, 0),
  });
  hub.onreconnected(() => { reconnections++; read(); });
  hub.onclose(reject);
  hub.start()
    .then(() => question && hub.invoke("Ask", session, question, null, "from-node"))
    .then(() => question && hub.invoke("Ask", session, question, null, "from-node"))
    .then(() => read(), reject);
});

await finished;
console.log(JSON.stringify({ numbers: seen.map(e => e.number), kinds: seen.map(e => e.kind), text: seen.filter(e => e.kind === "text").map(e => e.text).join(""), reconnections }));
process.exit(0);
