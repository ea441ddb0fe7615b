// The console's WebSocket: requests to the agent, and what it tells. Made anew when it is lost.
// Knows no page: `connect` gives a WebSocket.

const agent = "drafting";
const firstPause = 250, longestPause = 8000;
const patience = 20_000; // for an answer, and for a connection: what is longer silent is gone
// Of noa/status.h: it will be another time. The agent is being reloaded, or has too much to do.
const passing = new Set([-4, -5, -6, -8, -9, -12, -14, -15]);

// `refused`: it will not be taken, however often it is asked for; otherwise nobody knows.
export class LinkError extends Error {
  constructor(text, refused) {
    super(text);
    this.refused = refused;
  }
}

export class Link {
  #connect;
  #socket = null;
  #next = 1;
  #asked = new Map();
  #heard = new Map(); // subject -> run
  #pause = firstPause;
  #over = false;
  #told;

  // `told(open)`: of the connection, each time it is there or is lost.
  constructor(connect, told = () => {}) {
    this.#connect = connect;
    this.#told = told;
    this.#open();
  }

  get open() {
    return this.#socket?.readyState === 1;
  }

  request(operation, body = {}) {
    if (!this.open) return Promise.reject(new LinkError("there is no connection", false));
    const id = this.#next++;
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#lost(socket), patience);
      this.#asked.set(id, { resolve, reject, timer });
      this.#say({ id, request: { agent, operation, body } });
    });
  }

  hear(subject, run) {
    this.#heard.set(subject, run);
    if (this.open) this.#say({ subscribe: subject });
  }

  ignore(subject) {
    if (this.#heard.delete(subject) && this.open) this.#say({ unsubscribe: subject });
  }

  close() {
    this.#over = true;
    this.#socket?.close();
  }

  // As when the network goes: for tests, and for a page that comes back from sleep.
  drop() {
    this.#lost(this.#socket);
  }

  #say(message) {
    this.#socket.send(JSON.stringify(message));
  }

  #open() {
    const socket = this.#connect();
    const timer = setTimeout(() => this.#lost(socket), patience);
    this.#socket = socket;
    socket.onopen = () => {
      clearTimeout(timer);
      if (this.#socket !== socket) return;
      this.#pause = firstPause;
      for (const subject of this.#heard.keys()) this.#say({ subscribe: subject });
      this.#told(true);
    };
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket) this.#take(JSON.parse(data));
    };
    socket.onerror = () => {};
    socket.onclose = () => {
      clearTimeout(timer);
      this.#lost(socket);
    };
  }

  #lost(socket) {
    if (socket === null || this.#socket !== socket) return;
    this.#socket = null;
    socket.close();
    const lost = [...this.#asked.values()];
    this.#asked.clear();
    for (const { reject, timer } of lost) {
      clearTimeout(timer);
      reject(new LinkError("the connection was lost", false));
    }
    this.#told(false);
    // Not all at once after a restart.
    setTimeout(() => {
      if (!this.#over) this.#open();
    }, this.#pause * (0.5 + Math.random()));
    this.#pause = Math.min(2 * this.#pause, longestPause);
  }

  #take(message) {
    if (message.event !== undefined) {
      this.#heard.get(message.event)?.(message.body);
      return;
    }
    const asked = this.#asked.get(message.id);
    if (asked === undefined) return;
    this.#asked.delete(message.id);
    clearTimeout(asked.timer);
    if (message.error !== undefined) {
      asked.reject(new LinkError(message.error, !passing.has(message.status)));
    } else {
      asked.resolve(message.reply);
    }
  }
}
