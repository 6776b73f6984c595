// node --import ./google_emulator.mjs PROGRAM: whatever the program listens on, it listens on loopback only.
import { Server } from 'node:net';

const listen = Server.prototype.listen;
Server.prototype.listen = function (where, ...rest) {
  const told = where !== null && typeof where === 'object' ? where : { port: Number(where) };
  return listen.call(this, { ...told, host: '127.0.0.1' }, ...rest.filter((each) => typeof each === 'function'));
};
