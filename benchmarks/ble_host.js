// What a pairing costs ble-host, a host stack in JavaScript: two of them in one process pair over the
// air, and the process's own processor time counts, halved, beside its curve operations in turns.
//   ble_host.js [RUNS]
'use strict';
const path = require('path');
const crypto = require('crypto');
const stage = require(path.join(__dirname, '../tests/interop/ble-host/stage.js'));
const { IOCapabilities, AssociationModels } = stage.bleHost;

const runs = Number(process.argv[2] || 100);
const central = 'C0:00:00:00:00:01', peripheral = 'C0:00:00:00:00:02';
const kinds = [
    { name: 'Just Works', model: AssociationModels.JUST_WORKS,
        can: [IOCapabilities.NO_INPUT_NO_OUTPUT, IOCapabilities.NO_INPUT_NO_OUTPUT] },
    { name: 'Numeric Comparison', model: AssociationModels.NUMERIC_COMPARISON, mitm: true,
        can: [IOCapabilities.DISPLAY_YES_NO, IOCapabilities.DISPLAY_YES_NO] },
    { name: 'Passkey Entry', model: AssociationModels.PASSKEY_ENTRY_INIT_INPUTS, mitm: true,
        can: [IOCapabilities.KEYBOARD_ONLY, IOCapabilities.DISPLAY_ONLY] },
];

const used = (since) => {
    const { user, system } = process.cpuUsage(since);
    return user + system;
};
const median = (list) => {
    const s = [...list].sort((a, b) => a - b), n = s.length;
    return n % 2 ? s[(n - 1) / 2] : (s[n / 2 - 1] + s[n / 2]) / 2;
};

// One side's curve work as ble-host has it: its key pair lasts as long as the process, so that a
// pairing only computes the DHKey. Several, since the clock counts in microseconds.
const mine = crypto.createECDH('prime256v1'), other = crypto.createECDH('prime256v1');
mine.generateKeys();
const theirs = other.generateKeys();
function curve() {
    const began = process.cpuUsage();
    for (let i = 0; i < 20; i++)
        mine.computeSecret(theirs);
    return used(began) / 20;
}

async function pair(managers, kind) {
    const features = (side) => ({ ioCap: kind.can[side], mitm: !!kind.mitm, bondingFlags: 1 });
    const slave = new Promise((resolve) => managers[1].startAdvertising({ intervalMin: 32,
        intervalMax: 32 }, (status, connection) => resolve(connection)));
    const c = await new Promise((resolve) => managers[0].connect('random', peripheral, {}, resolve));
    const p = await slave;
    let shown;
    const ends = [c, p].map((connection, side) => new Promise((resolve, reject) => {
        connection.smp.on('pairingRequest', (request, callback) => callback(features(side)));
        connection.smp.on('passkeyExchange', (model, passkey, callback) => {
            if (model !== kind.model)
                reject(new Error('another model than meant'));
            else if (kind.model === AssociationModels.NUMERIC_COMPARISON)
                callback();
            else if (side === 1)
                shown = passkey;
            else
                callback(shown);
        });
        connection.smp.on('pairingComplete', resolve);
        connection.smp.on('pairingFail', (reason) => reject(new Error('failed: ' + reason)));
    }));
    const began = process.cpuUsage();
    c.smp.sendPairingRequest(features(0));
    await Promise.all(ends);
    const spent = used(began) / 2;
    const gone = [c, p].map((connection) => stage.sleepUntil(connection, 'disconnect'));
    c.disconnect();
    await Promise.all(gone);
    managers[0].removeBond('random', peripheral);
    managers[1].removeBond('random', central);
    return spent;
}

stage.tell(async () => {
    const air = await stage.startAir();
    const managers = [];
    for (const address of [central, peripheral])
        managers.push(await stage.manager(air, { staticRandomAddress: address }));
    const curves = [], spent = kinds.map(() => []);
    for (let run = -Math.min(runs, 20); run < runs; run++) { // the first warm up the compiler
        const work = curve();
        for (let k = 0; k < kinds.length; k++) {
            const cost = await pair(managers, kinds[k]);
            if (run >= 0)
                spent[k].push(cost);
        }
        if (run >= 0)
            curves.push(work);
    }
    const work = median(curves);
    console.log(`curve work of one side (a DHKey; its key pair lasts): ${work.toFixed(1)} us; ` +
        `median of ${runs} runs\n`);
    console.log('pairing'.padEnd(24) + 'us a side'.padStart(11) + 'x curve'.padStart(11));
    kinds.forEach((kind, k) => {
        const cost = median(spent[k]);
        console.log(kind.name.padEnd(24) + cost.toFixed(1).padStart(11) +
            (cost / work).toFixed(2).padStart(11));
    });
    const ratio = median(spent[2]) / median(spent[0]);
    console.log(`\nPasskey Entry beside Just Works: ${ratio.toFixed(2)}`);
}, 600);
