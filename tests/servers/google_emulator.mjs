// node --import ./google_emulator.mjs PROGRAM: whatever the program listens on, it listens on loopback only;
// and what it needs of Node 20 is there under Node 18, which Debian 12 has.
import { webcrypto } from 'node:crypto';
import { Server } from 'node:net';

globalThis.crypto ??= webcrypto;

const listen = Server.prototype.listen;
Server.prototype.listen = function (where, ...rest) {
  const told = where !== null && typeof where === 'object' ? where : { port: Number(where) };
  return listen.call(this, { ...told, host: '127.0.0.1' }, ...rest.filter((each) => typeof each === 'function'));
};
