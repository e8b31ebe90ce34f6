/**
 * Runs a Deno kernel: starts `deno jupyter --kernel` and executes code on it over Jupyter's wire protocol,
 * without Jupyter. `nbconvert --execute` stops listening when the kernel says that it is idle, and loses the outputs
 * that this kernel sends after that; here they are waited for.
 * @module
 */
import { createHmac, randomUUID } from "node:crypto";
import { DataError } from "../base/errors.ts";
import { repoPath } from "../base/files.ts";
import type { Output } from "./notebook.ts";
import { Socket, type Wire, WireEnded } from "./zmtp.ts";

/** Milliseconds without a message after "idle" that end a cell; late outputs came within a few. */
const GRACE = 100;
/** Milliseconds a kernel may take to start; it takes 300 to 700. */
const START = 30_000;
/** Output past this many characters of a kernel's own stderr is forgotten. */
const KEPT_LOG = 2000;

/** What is known of a request so far. */
interface Request {
  readonly outputs: Output[];
  /** Content of the reply, once it is there. */
  reply?: Record<string, unknown>;
  idle: boolean;
}

/** A running kernel; disposing of it ends its process. */
export class Kernel {
  #process: Deno.ChildProcess;
  #sockets: Socket[] = [];
  #requests = new Map<string, Request>();
  #key: string;
  #session = randomUUID();
  #wake = (): void => {};
  #log = "";
  #ended?: Deno.CommandStatus;
  #work: Promise<unknown>[] = [];
  #end = (): void => {
    if (!this.#ended) this.#process.kill("SIGKILL");
  };

  private constructor(folder: string, connection: string, key: string) {
    this.#key = key;
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["jupyter", "--kernel", "--conn", connection],
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#work.push(
      this.#process.status.then((status) => {
        this.#ended = status;
        this.#wake();
      }),
      this.#keepLog(),
    );
    // A program that ends by Deno.exit must not leave a kernel behind.
    globalThis.addEventListener("unload", this.#end);
  }

  /**
   * Starts a kernel whose working directory, and with it configuration, is a notebook's folder.
   * @throws {DataError} when it does not start
   */
  static async start(folder: string): Promise<Kernel> {
    const scratch = repoPath(".cache");
    await Deno.mkdir(scratch, { recursive: true });
    const file = await Deno.makeTempFile({
      dir: scratch,
      prefix: "kernel-",
      suffix: ".json",
    });
    const ports = freePorts(5);
    const connection = {
      transport: "tcp",
      ip: "127.0.0.1",
      shell_port: ports[0],
      iopub_port: ports[1],
      stdin_port: ports[2],
      control_port: ports[3],
      hb_port: ports[4],
      signature_scheme: "hmac-sha256",
    };
    const key = randomUUID();
    await Deno.writeTextFile(file, JSON.stringify({ ...connection, key }));
    const kernel = new Kernel(folder, file, key);
    try {
      const deadline = performance.now() + START;
      for (
        const [type, port] of [["DEALER", ports[0]], ["SUB", ports[1]]] as const
      ) {
        const socket = await kernel.#connect(type, port, deadline);
        kernel.#sockets.push(socket);
        kernel.#work.push(kernel.#listen(socket));
      }
      await kernel.#greet(deadline);
      return kernel;
    } catch (error) {
      await kernel[Symbol.asyncDispose]();
      throw error;
    } finally {
      await Deno.remove(file);
    }
  }

  /**
   * Executes code and waits for all of its outputs; consecutive texts of a stream are one output, however the kernel
   * cut them. An exception in the code is an output, too.
   * @param seconds time allowed
   * @throws {DataError} when time is up or the code ends the kernel; the kernel cannot be used after either
   */
  async execute(code: string, seconds: number): Promise<Output[]> {
    const request = await this.#send("execute_request", {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: true,
    });
    const deadline = performance.now() + seconds * 1000;
    if (!await this.#until(() => request.reply !== undefined && request.idle, deadline)) {
      throw new DataError(
        this.#ended
          ? `ended the kernel (exit code ${this.#ended.code})${this.#lastWords()}`
          : `ran out of time after ${Math.round(seconds)} s`,
      );
    }
    for (let known = -1; known < request.outputs.length;) {
      known = request.outputs.length;
      await new Promise((done) => setTimeout(done, GRACE));
    }
    const failed = request.reply?.status !== "ok";
    if (failed && !request.outputs.some((output) => output.output_type === "error")) {
      // Code that was never run is only answered with "error": the kernel keeps the reason to itself.
      const { ename, evalue } = request.reply!;
      const reason =
        `${evalue} (it does not parse, or imports a package that is not in the lock file)`;
      request.outputs.push(...outputOf("error", { ename, evalue: reason, traceback: [] }));
    }
    return merged(request.outputs);
  }

  /** Ends the process and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    globalThis.removeEventListener("unload", this.#end);
    for (const socket of this.#sockets) socket.close();
    this.#end();
    await Promise.all(this.#work);
  }

  /** Connects as soon as the kernel listens. */
  async #connect(
    type: "DEALER" | "SUB",
    port: number,
    deadline: number,
  ): Promise<Socket> {
    for (;;) {
      let wire: Wire | undefined;
      try {
        wire = await Deno.connect({ hostname: "127.0.0.1", port });
        return await Socket.open(type, wire);
      } catch (error) {
        wire?.close();
        const notYet = error instanceof Deno.errors.ConnectionRefused ||
          error instanceof WireEnded;
        if (!notYet) throw error;
        if (this.#ended || performance.now() > deadline) throw this.#noStart();
        await new Promise((done) => setTimeout(done, 25));
      }
    }
  }

  /** A subscription takes effect some time after it was sent: asks until an answer is heard. */
  async #greet(deadline: number): Promise<void> {
    for (;;) {
      const request = await this.#send("kernel_info_request", {});
      if (await this.#until(() => request.idle, performance.now() + 500)) {
        return;
      }
      if (this.#ended || performance.now() > deadline) throw this.#noStart();
    }
  }

  #noStart(): DataError {
    return new DataError(`the Deno kernel did not start${this.#lastWords()}`);
  }

  #lastWords(): string {
    // deno-lint-ignore no-control-regex -- colours of the terminal
    const said = this.#log.replaceAll(/\x1b\[[0-9;]*m/g, "").trim();
    return said === "" ? "" : `; its last words: ${said}`;
  }

  async #send(
    type: string,
    content: Record<string, unknown>,
  ): Promise<Request> {
    const id = randomUUID();
    const header = {
      msg_id: id,
      session: this.#session,
      username: "notebooks",
      date: new Date().toISOString(),
      msg_type: type,
      version: "5.3",
    };
    const parts = [header, {}, {}, content].map((part) => JSON.stringify(part));
    const signature = createHmac("sha256", this.#key);
    for (const part of parts) signature.update(part);
    const request: Request = { outputs: [], idle: false };
    this.#requests.set(id, request);
    await this.#sockets[0].send([
      "<IDS|MSG>",
      signature.digest("hex"),
      ...parts,
    ]).catch((error) => {
      if (!(error instanceof WireEnded)) throw error; // the kernel's end is noticed by waiting
    });
    return request;
  }

  async #listen(socket: Socket): Promise<void> {
    for (;;) {
      let frames: string[];
      try {
        frames = await socket.receive();
      } catch (error) {
        if (error instanceof WireEnded) return;
        throw error;
      }
      const [header, parent, , content] = frames.slice(
        frames.indexOf("<IDS|MSG>") + 2,
      )
        .map((frame) => JSON.parse(frame));
      const request = this.#requests.get(parent.msg_id);
      if (!request) continue;
      if (header.msg_type.endsWith("_reply")) request.reply = content;
      else if (header.msg_type === "status") {
        request.idle ||= content.execution_state === "idle";
      } else request.outputs.push(...outputOf(header.msg_type, content));
      this.#wake();
    }
  }

  /** Whether something becomes true before the deadline and before the kernel ends. */
  async #until(test: () => boolean, deadline: number): Promise<boolean> {
    while (!test()) {
      const left = deadline - performance.now();
      if (this.#ended || left <= 0) return false;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, left);
      await promise;
      clearTimeout(timer);
    }
    return true;
  }

  async #keepLog(): Promise<void> {
    for await (
      const text of this.#process.stderr.pipeThrough(new TextDecoderStream())
    ) {
      this.#log = (this.#log + text).slice(-KEPT_LOG);
    }
  }
}

function outputOf(type: string, content: Record<string, unknown>): Output[] {
  switch (type) {
    case "stream":
      return [{
        output_type: type,
        name: String(content.name),
        text: String(content.text),
      }];
    case "display_data":
    case "execute_result":
      return [{
        output_type: type,
        data: content.data as Record<string, unknown>,
      }];
    case "error":
      return [{
        output_type: type,
        ename: String(content.ename),
        evalue: String(content.evalue),
        traceback: content.traceback as string[],
      }];
    default:
      return []; // echo of the input, updates of displays
  }
}

function merged(outputs: readonly Output[]): Output[] {
  const out: Output[] = [];
  for (const output of outputs) {
    const last = out.at(-1);
    if (
      output.output_type === "stream" && last?.output_type === "stream" &&
      last.name === output.name
    ) out[out.length - 1] = { ...last, text: last.text + output.text };
    else out.push(output);
  }
  return out;
}

/** Ports that were free a moment ago; all are held while the next is drawn, so that they differ. */
function freePorts(count: number): number[] {
  const held = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = held.map(({ addr }) => (addr as Deno.NetAddr).port);
  for (const listener of held) listener.close();
  return ports;
}
