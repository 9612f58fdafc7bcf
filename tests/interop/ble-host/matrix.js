// ble-host and a host of ours pair in every way both know, in both roles: each row of the tables
// below is one story, told over the same air by the same two hosts, which forget in between.
'use strict';
const path = require('path');
const stage = require('./stage.js');
const { AssociationModels, IOCapabilities } = stage.bleHost;

const io = { display: IOCapabilities.DISPLAY_ONLY, yesno: IOCapabilities.DISPLAY_YES_NO,
    keyboard: IOCapabilities.KEYBOARD_ONLY, none: IOCapabilities.NO_INPUT_NO_OUTPUT,
    both: IOCapabilities.KEYBOARD_DISPLAY };
const BOND = 1, MITM = 4, SC = 8, KEYPRESS = 16;
const WRONG = 0x04, DIFFERENT = 0x0c;

// Who can what, initiator first, and what comes of it.
const models = [
    { model: 'JUST_WORKS', can: ['none', 'none'] },
    { model: 'PASSKEY_ENTRY_INIT_INPUTS', can: ['keyboard', 'display'] },
    { model: 'PASSKEY_ENTRY_RSP_INPUTS', can: ['display', 'keyboard'] },
    { model: 'PASSKEY_ENTRY_BOTH_INPUTS', can: ['keyboard', 'keyboard'] },
    { model: 'NUMERIC_COMPARISON', can: ['yesno', 'yesno'], scOnly: true },
];
// Vol 3 Part H table 2.8: a line a responder, a column an initiator, both in the order of `io`.
// . Just Works, i and r Passkey Entry by who types, b by both, n Numeric Comparison, and what legacy
// pairing has instead.
const table = { display: '. . i . i', yesno: '. n. i . ni', keyboard: 'r r b . r',
    none: '. . . . .', both: 'r nr i . nr' };
const letters = { '.': 0, i: 1, r: 2, b: 3, n: 4 };
const roles = ['central', 'peripheral']; // ble-host's

const rows = [];
for (const role of roles) {
    for (const sc of [true, false]) {
        for (const m of models.filter((m) => sc || !m.scOnly)) {
            rows.push({ role, sc, ...m, table: 'matrix' });
            if (m.model.startsWith('PASSKEY'))
                rows.push({ role, sc, ...m, table: 'more', wrong: true, says: 'wrong passkey' });
        }
        rows.push({ role, sc, ...models[0], table: 'more', size: 7, says: '7-octet key' });
        for (const m of models.slice(1, 4))
            rows.push({ role, sc, ...m, table: 'more', keypress: true, says: 'keypresses' });
        for (const m of [models[0], models[1]])
            rows.push({ role, sc, ...m, table: 'more', request: true, says: 'Security Request' });
        for (const [responder, line] of Object.entries(table)) {
            line.split(' ').forEach((cell, i) => rows.push({ role, sc, table: 'more', mitm: true,
                model: models[letters[sc ? cell[0] : cell.at(-1)]].model,
                can: [Object.keys(table)[i], responder], says: 'every pair of IO capabilities' }));
        }
    }
    for (const refuses of ['ble-host', 'troth'])
        for (const m of [models[4], models[role === 'central' === (refuses === 'troth') ? 2 : 1]])
            rows.push({ role, sc: true, ...m, table: 'more', refuses, says: `${refuses} refuses` });
}

// Our host: sends lines, waits for lines. What is awaited is used up, with all before it.
class Troth {
    constructor(air) {
        this.program = stage.run(path.join('..', 'tests', 'interop_peer'), [air.transport],
            { as: 'troth' });
        this.at = 0;
    }

    say(...words) {
        stage.note('> troth', words.join(' '));
        this.program.child.stdin.write(words.join(' ') + '\n');
    }

    async expect(pattern) {
        for (;;) {
            while (this.at < this.program.lines.length) {
                const line = this.program.lines[this.at++];
                const m = line.match(pattern);
                if (m)
                    return m;
                if (/^(failed|refused)/.test(line))
                    throw new Error(`troth says "${line}" instead of ${pattern}`);
            }
            if (this.program.code !== undefined)
                throw new Error(`our host ended before ${pattern}`);
            await stage.sleepUntil(this.program, 'line');
        }
    }
}

// ble-host on one connection: its events as promises that can be awaited in any order.
class Foreign {
    constructor(connection, features) {
        this.connection = connection;
        this.smp = connection.smp;
        this.events = {};
        this.keypresses = [];
        const note = (what) => (...values) => {
            stage.note('ble-host', `${what} ${JSON.stringify(values[0], (key, value) =>
                value && value.type === 'Buffer' ? '...' : value)}`);
            this.event(what).resolve(values);
        };
        this.smp.on('pairingRequest', (request, callback) => {
            note('asked')(request);
            callback(features);
        });
        this.smp.on('passkeyExchange', (model, passkey, callback) =>
            note('passkey')({ model, passkey }, callback));
        this.smp.on('keypress', (type) => this.keypresses.push(type));
        for (const what of ['pairingComplete', 'pairingFail', 'encrypt'])
            this.smp.on(what, note(what));
        connection.on('disconnect', note('disconnect'));
    }

    event(name) {
        if (!this.events[name]) {
            const e = this.events[name] = {};
            e.promise = new Promise((resolve) => { e.resolve = resolve; });
        }
        return this.events[name];
    }

    // Resolves with the event's values; rejects when the pairing or the link ends instead.
    expect(name) {
        const other = (what) => this.event(what).promise.then((v) => {
            throw new Error(`ble-host says ${what} ${v[0]} instead of ${name}`);
        });
        const ends = ['pairingFail', 'disconnect', ...name === 'passkey' ? ['pairingComplete'] : []];
        return Promise.race([this.event(name).promise, ...ends.map(other)]);
    }
}

const asksMitm = (row) => row.mitm || row.model !== 'JUST_WORKS';
const authReq = (row) => BOND | (asksMitm(row) ? MITM : 0) | (row.sc ? SC : 0) |
    (row.keypress ? KEYPRESS : 0);

function bleHostFeatures(row) {
    const can = row.can[row.role === 'central' ? 0 : 1];
    // ble-host always offers Secure Connections: legacy pairing is what our host leaves open.
    return { ioCap: io[can], bondingFlags: 1, mitm: asksMitm(row), sc: true,
        keypress: !!row.keypress, maxKeySize: row.size || 16 };
}

async function connect(row, manager, troth) {
    const bleHost = (resolve) => (connection) => resolve(new Foreign(connection,
        bleHostFeatures(row)));
    const it = await new Promise((resolve) => {
        if (row.role === 'central') {
            manager.connect('public', troth.address, {}, bleHost(resolve));
        } else {
            manager.startAdvertising({ intervalMin: 32, intervalMax: 32 },
                (status, connection) => bleHost(resolve)(connection));
            troth.say('connect', stage.ownAddress);
        }
    });
    it.bonded = (await troth.expect(/^connected bonded=(\d)/))[1] === '1';
    return it;
}

async function disconnect(row, it, troth) {
    if (row.role === 'central')
        it.connection.disconnect();
    else
        troth.say('disconnect');
    await it.event('disconnect').promise;
    await troth.expect(/^disconnected/);
}

const sixDigits = (n) => String(n).padStart(6, '0');
const other = (digits) => sixDigits((Number(digits) + 1) % 1000000);

// The person between both devices.
async function person(row, it, troth) {
    const [{ model, passkey }, callback] = await it.expect('passkey');
    stage.assert(AssociationModels.toString(model) === row.model, 'ble-host says ' + row.model);
    if (row.model === 'NUMERIC_COMPARISON') {
        const [, shown] = await troth.expect(/^compare (\d{6})$/);
        stage.assert(shown === passkey, 'both show the same number');
        if (row.refuses === 'ble-host') {
            it.smp.sendPairingFailed(DIFFERENT);
            return;
        }
        if (row.refuses !== 'troth')
            callback();
        troth.say(row.refuses === 'troth' ? 'no' : 'yes');
        return;
    }
    const initiatorTypes = row.model !== 'PASSKEY_ENTRY_RSP_INPUTS';
    const bothType = row.model === 'PASSKEY_ENTRY_BOTH_INPUTS';
    const bleHostTypes = bothType || initiatorTypes === (row.role === 'central');
    const trothTypes = bothType || !bleHostTypes;
    const shown = bothType ? '012345' : trothTypes ? passkey :
        (await troth.expect(/^display (\d{6})$/))[1];
    if (trothTypes)
        await troth.expect(/^type$/);
    if (row.refuses) {
        if (row.refuses === 'troth')
            troth.say('no');
        else
            it.smp.sendPairingFailed(0x01);
        return;
    }
    if (row.keypress) {
        for (const type of [0, 1, 2, 3, 4]) {
            if (trothTypes)
                troth.say('keypress', type);
            if (bleHostTypes) {
                it.smp.sendKeypressNotification(type);
                await troth.expect(new RegExp(`^keypress ${type}$`));
            }
        }
    }
    // What was typed last goes in last: the other side has nothing left to wait for.
    if (trothTypes)
        troth.say('passkey', shown);
    if (bleHostTypes)
        callback(row.wrong ? other(shown) : shown);
}

// As person, when ours alone types: the digit that is wrong is ours.
async function careless(row, it, troth) {
    const types = row.can[row.role === 'central' ? 0 : 1] === 'keyboard';
    if (!row.wrong || types)
        return person(row, it, troth);
    const [{ passkey }] = await it.expect('passkey');
    await troth.expect(/^type$/);
    troth.say('passkey', other(passkey));
}

async function begin(row, it, troth) {
    if (row.role === 'central' && row.request)
        troth.say('security');
    else if (row.role === 'central')
        it.smp.sendPairingRequest(bleHostFeatures(row));
    else if (row.request)
        it.smp.sendSecurityRequest(true, row.model !== 'JUST_WORKS', false);
    else
        troth.say('pair');
}

async function fails(row, it, troth) {
    const expected = row.wrong ? [WRONG] : row.model === 'NUMERIC_COMPARISON' ? [DIFFERENT] : [1];
    const [reason] = await it.event('pairingFail').promise;
    stage.assert(expected.includes(reason), `ble-host ends with ${expected}: ${reason}`);
    const [, ours] = await troth.expect(/^failed (\d+) by=(us|peer)$/);
    stage.assert(Number(ours) === reason, 'our host as well');
    await disconnect(row, it, troth);
    const after = await connect(row, troth.manager, troth);
    stage.assert(!after.bonded && !after.smp.hasLtk, 'neither has a bond');
    await disconnect(row, after, troth);
}

// A key may well end in a zero octet or two: the radio cannot tell those from a shorter key.
async function seen(row, air) {
    const [link] = (await air.status()).links;
    const size = row.size || 16;
    stage.assert(link.encrypted && link.apparent_key_size <= size &&
        link.apparent_key_size > size - 3, 'as the air sees it');
}

async function reconnects(row, troth, air) {
    const it = await connect(row, troth.manager, troth);
    stage.assert(it.bonded && it.smp.hasLtk, 'both know the bond');
    if (row.request)
        await begin(row, it, troth); // which the bond serves
    else if (row.role === 'central')
        it.smp.startEncryption();
    else
        troth.say('encrypt');
    const [status] = await it.expect('encrypt');
    stage.assert(status === 0, 'the bond encrypts for ble-host');
    const [, size, bonded, pairing] = await troth.expect(
        /^encrypted size=(\d+) .* bonded=(\d) status=0 pairing=(\d)$/);
    stage.assert(bonded === '1' && pairing === '0' && Number(size) === (row.size || 16),
        'and for our host');
    await seen(row, air);
    await disconnect(row, it, troth);
    stage.assert(!it.events.asked, 'nobody paired again');
}

async function tell(row, troth, air) {
    const mitm = row.model !== 'JUST_WORKS';
    troth.say('forget');
    await troth.expect(/^forgot/);
    troth.manager.removeBond('public', troth.address);
    const can = row.can[row.role === 'central' ? 1 : 0];
    troth.say('offer', io[can], 0, authReq(row), row.size || 16);

    const it = await connect(row, troth.manager, troth);
    await begin(row, it, troth);
    if (mitm)
        await careless(row, it, troth);
    if (row.wrong || row.refuses)
        return fails(row, it, troth);

    const [paired] = await it.expect('pairingComplete');
    stage.assert(paired.sc === row.sc && paired.mitm === mitm && paired.bond, 'as ble-host sees it');
    const m = await troth.expect(
        /^paired size=(\d+) mitm=(\d) sc=(\d) bonded=(\d) stored=(\d) (\w+)$/);
    stage.assert(m[6] === row.model, 'our host says ' + row.model);
    stage.assert([Number(m[1]), m[2], m[3], m[5]].join() === [row.size || 16, +mitm, +row.sc, 1].join(),
        'as our host sees it');
    await seen(row, air);
    // As central ble-host hears none while its own person still types.
    if (row.keypress && row.can[row.role === 'central' ? 1 : 0] === 'keyboard' &&
        !(row.role === 'central' && row.can[0] === 'keyboard'))
        stage.assert(it.keypresses.join() === '0,1,2,3,4', 'ble-host saw our keypresses');
    await disconnect(row, it, troth);
    return reconnects(row, troth, air);
}

function print() {
    const cell = (row) => (row.done ? 'ok' : '-').padEnd(8);
    const cells = rows.filter((r) => r.table === 'matrix');
    console.log('paired, bonded and reconnected       ble-host central    ble-host peripheral');
    console.log(''.padEnd(37) + 'SC      legacy      SC      legacy');
    for (const m of models) {
        const of = (role, sc) => cell(cells.find((r) => r.role === role && r.sc === sc &&
            r.model === m.model) || {});
        console.log(m.model.padEnd(37) + of('central', true) + of('central', false).padEnd(12) +
            of('peripheral', true) + of('peripheral', false));
    }
    console.log('OOB'.padEnd(37) + 'ble-host 1.0.3 has no OOB');
    const more = {};
    for (const r of rows.filter((r) => r.table === 'more'))
        (more[r.says] = more[r.says] || []).push(r);
    for (const [says, list] of Object.entries(more))
        console.log(`${says.padEnd(37)}${list.filter((r) => r.done).length} of ${list.length}`);
}

stage.tell(async () => {
    const air = await stage.startAir();
    const troth = new Troth(air);
    troth.address = (await troth.expect(/^ready (.*)$/))[1];
    troth.say('advertise');
    troth.manager = await stage.manager(air);
    try {
        for (const row of rows) {
            stage.note('row', JSON.stringify(row));
            await tell(row, troth, air);
            row.done = true;
        }
    } finally {
        print();
    }
});
