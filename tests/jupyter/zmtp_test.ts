import { deepStrictEqual, rejects, strictEqual } from "node:assert";
import { encodeFrame, Socket, type Wire, WireEnded } from "../../src/jupyter/zmtp.ts";

/** A wire that hands out given bytes in pieces of a given size and keeps what is written. */
function wire(bytes: Uint8Array, piece: number): Wire & { written: number[] } {
  let at = 0;
  const written: number[] = [];
  return {
    written,
    read: (into) => {
      const part = bytes.subarray(at, at + Math.min(piece, into.length));
      into.set(part);
      at += part.length;
      return Promise.resolve(part.length === 0 ? null : part.length);
    },
    write: (part) => {
      const some = part.subarray(0, Math.min(7, part.length)); // never all at once
      written.push(...some);
      return Promise.resolve(some.length);
    },
    close: () => {},
  };
}

function bytes(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function frame(text: string, more = false, command = false): Uint8Array {
  return encodeFrame({ more, command, body: new TextEncoder().encode(text) });
}

const GREETING = new Uint8Array(64), READY = frame("\x05READY", false, true);

Deno.test("zmtp: frames up to 255 bytes have a size of one byte, longer ones of eight", () => {
  deepStrictEqual([...frame("ab", true)], [1, 2, 97, 98]);
  strictEqual(frame("x".repeat(255)).length, 257);
  const long = frame("x".repeat(300), true);
  deepStrictEqual([...long.subarray(0, 9)], [3, 0, 0, 0, 0, 0, 0, 1, 44]);
});

for (const piece of [1, 5, 1 << 20]) {
  Deno.test(`zmtp: messages arrive whole from pieces of ${piece} bytes`, async () => {
    const long = "ü".repeat(70_000);
    const stream = bytes(
      GREETING,
      READY,
      frame("id", true),
      frame("ping", false, true),
      frame("", true),
      frame(long),
      frame("next"),
    );
    const socket = await Socket.open("DEALER", wire(stream, piece));
    deepStrictEqual(await socket.receive(), ["id", "", long]);
    deepStrictEqual(await socket.receive(), ["next"]);
    await rejects(socket.receive(), WireEnded);
  });
}

Deno.test("zmtp: greets, says what it is, subscribes, and writes on after partial writes", async () => {
  const pipe = wire(bytes(GREETING, READY), 64);
  const socket = await Socket.open("SUB", pipe);
  await socket.send(["a", "b"]);
  const text = new TextDecoder("latin1").decode(Uint8Array.from(pipe.written));
  strictEqual(text.slice(10, 16), "\x03\x00NULL");
  strictEqual(pipe.written.slice(64).length, 2 + 6 + 16 + 3 + 13 + 3 + 6);
  deepStrictEqual(pipe.written.slice(-9), [0, 1, 1, 1, 1, 97, 0, 1, 98]);
});

Deno.test("zmtp: a connection that ends within a frame is an end, not a short message", async () => {
  const cut = wire(bytes(GREETING, READY, frame("hello").subarray(0, 4)), 64);
  await rejects((await Socket.open("DEALER", cut)).receive(), WireEnded);
});
