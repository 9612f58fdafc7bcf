// The stage on which ble-host, a foreign host stack, meets Troth's programs: the air, processes
// whose lines can be awaited, a transport, and an end that reaps everything.
'use strict';
const { spawn, execFileSync } = require('child_process');
const EventEmitter = require('events');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { createRequire } = require('module');

const bin = process.env.TROTH_BIN;
const source = process.env.TROTH_SOURCE;
exports.bleHost = createRequire(path.join(source, 'tests/interop/'))('ble-host');

// ble-host keeps its bonds below the working directory.
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'troth-interop-'));
process.chdir(dir);
exports.dir = dir;

const children = [];
const log = [];
let over = false;

function note(who, line) {
    log.push(`${who.padEnd(8)} ${line}`);
}
exports.note = note;

// Ends the test: the story is shown when it went wrong, nothing is left behind either way.
function end(status, why) {
    if (over)
        return;
    over = true;
    if (status)
        console.error(log.join('\n') + `\nFAILED: ${why}`);
    for (const child of children) {
        child.kill('SIGTERM');
    }
    const left = children.filter((c) => c.exitCode === null && c.signalCode === null);
    let open = left.length;
    const finish = () => {
        fs.rmSync(dir, { recursive: true, force: true });
        process.exit(status);
    };
    if (!open)
        finish();
    for (const child of left) {
        child.on('exit', () => --open || finish());
        setTimeout(() => child.kill('SIGKILL'), 5000).unref();
    }
}

process.on('uncaughtException', (e) => end(1, e.stack));
process.on('unhandledRejection', (e) => end(1, e.stack || e));
process.on('SIGTERM', () => end(1, 'terminated'));
process.on('SIGINT', () => end(1, 'interrupted'));

// Runs the story; a Promise that never settles is caught by the limit.
exports.tell = function (story, seconds = 90) {
    setTimeout(() => end(1, `not finished after ${seconds} s`), seconds * 1000).unref();
    story().then(() => { console.log('ok'); end(0); }, (e) => end(1, e.stack || e));
};

exports.assert = function (condition, what) {
    if (!condition)
        throw new Error('expected: ' + what);
    note('test', 'yes: ' + what);
};

// A program of ours. line(pattern) resolves with the match in the first such line, past or to come.
class Program extends EventEmitter {
    constructor(name, args, options = {}) {
        super();
        this.name = name;
        this.lines = [];
        this.child = spawn(path.join(bin, name), args, {
            stdio: ['pipe', 'pipe', 'pipe'],
            env: { ...process.env, NO_COLOR: '1', ...options.env },
        });
        children.push(this.child);
        if (options.input !== undefined)
            this.child.stdin.end(options.input);
        for (const stream of ['stdout', 'stderr']) {
            let rest = '';
            this.child[stream].setEncoding('utf8').on('data', (text) => {
                const lines = (rest + text).split('\n');
                rest = lines.pop();
                for (const line of lines) {
                    this.lines.push(line);
                    note(options.as || name, line);
                    this.emit('line', line);
                }
            });
        }
        this.done = new Promise((resolve) => this.child.on('close', (code, signal) => {
            note(options.as || name, `(exit ${code === null ? signal : code})`);
            this.code = code;
            this.emit('line', null);
            resolve(code);
        }));
    }

    line(pattern) {
        return new Promise((resolve, reject) => {
            const look = (line) => {
                if (line === null) {
                    reject(new Error(`${this.name} ended before saying ${pattern}`));
                    return true;
                }
                const m = line.match(pattern);
                if (m)
                    resolve(m);
                return m;
            };
            for (const line of this.lines) {
                if (look(line))
                    return;
            }
            if (this.code !== undefined) {
                look(null);
                return;
            }
            const on = (line) => {
                if (look(line))
                    this.off('line', on);
            };
            this.on('line', on);
        });
    }

    stop() {
        this.child.kill('SIGTERM');
        return this.done;
    }
}
exports.run = (name, args, options) => new Program(name, args, options);

exports.startAir = async function () {
    const socket = path.join(dir, 'air');
    const air = exports.run('troth', ['air', '--listen', 'unix:' + socket,
        '--status', 'unix:' + socket + '.status', '--capture', dir, '--trace'], { as: 'air' });
    await air.line(/listening on/);
    air.transport = 'unix:' + socket;
    air.socket = socket;
    // What the radio knows to be true, whatever the programs say.
    air.status = () => new Promise((resolve, reject) => {
        let text = '';
        net.connect(socket + '.status').setEncoding('utf8')
            .on('data', (t) => { text += t; })
            .on('error', reject)
            .on('end', () => resolve(JSON.parse(text)));
    });
    return air;
};

// ble-host's transport: one whole H4 packet per write and per 'data'.
class Transport extends EventEmitter {
    constructor(socketPath) {
        super();
        this.pending = Buffer.alloc(0);
        this.socket = net.connect(socketPath);
        this.socket.on('data', (bytes) => this.take(bytes));
        this.socket.on('close', () => this.emit('close'));
        this.socket.on('error', (e) => note('ble-host', 'socket: ' + e.message));
    }

    take(bytes) {
        this.pending = Buffer.concat([this.pending, bytes]);
        for (;;) {
            const p = this.pending;
            const header = { 2: 5, 4: 3 }[p[0]];
            if (p.length === 0 || p.length < header)
                return;
            const length = header + (p[0] === 2 ? p.readUInt16LE(3) : p[2]);
            if (p.length < length)
                return;
            this.pending = p.subarray(length);
            this.emit('data', Buffer.from(p.subarray(0, length)));
        }
    }

    write(packet) {
        this.socket.write(packet);
    }
}

// Bonds are kept under it; every connection to the air is another controller.
exports.ownAddress = 'C0:11:22:33:44:55';

exports.manager = function (air, options = { staticRandomAddress: exports.ownAddress }) {
    return new Promise((resolve, reject) => {
        const transport = new Transport(air.socket);
        exports.bleHost.BleManager.create(transport, options, (err, manager) => {
            if (err)
                reject(err);
            else
                // Leaving is no failure, although ble-host would throw at it.
                resolve(Object.assign(manager, { close: () => {
                    transport.removeAllListeners('close');
                    transport.socket.destroy();
                } }));
        });
    });
};

// The simulated network's own account of who joined.
exports.networkState = (file) => JSON.parse(fs.readFileSync(file + '.state', 'utf8'));

exports.write = function (name, text, mode = 0o600) {
    const file = path.join(dir, name);
    fs.writeFileSync(file, text, { mode });
    return file;
};
exports.sleepUntil = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));
exports.call = (object, method, ...args) => new Promise((resolve, reject) => {
    object[method](...args, (err, value) => {
        if (err)
            reject(new Error(`${method}: ${exports.bleHost.AttErrors.toString(err)}`));
        else
            resolve(value);
    });
});
