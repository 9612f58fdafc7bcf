// ble-host as central provisions trothd as a generic GATT tool would: raw writes, status
// notifications. Then it reconnects from its bond; then its LTK is corrupted and must not serve.
//   central.js just-works | passkey | numeric
'use strict';
const fs = require('fs');
const path = require('path');
const stage = require('./stage.js');
const { AssociationModels, IOCapabilities, HciErrors } = stage.bleHost;

const model = process.argv[2];
const cases = {
    'just-works': { ioCap: IOCapabilities.NO_INPUT_NO_OUTPUT, mitm: false, security: 'encrypt',
        device: 'none', expect: AssociationModels.JUST_WORKS },
    'passkey': { ioCap: IOCapabilities.KEYBOARD_ONLY, mitm: true, security: 'authenticate',
        device: 'display-only', expect: AssociationModels.PASSKEY_ENTRY_INIT_INPUTS },
    'numeric': { ioCap: IOCapabilities.DISPLAY_YES_NO, mitm: true, security: 'authenticate',
        device: 'display-yes-no', expect: AssociationModels.NUMERIC_COMPARISON },
};
const it = cases[model];
const uuid = (id) => `8B84${id}-F6FA-4E33-9A0C-E14D9F35F201`;
const name = 'Troth interop';

function find(manager) {
    return new Promise((resolve) => {
        const scanner = manager.startScan({});
        scanner.on('report', (r) => {
            if (r.parsedDataItems.localName === name && r.connectable) {
                scanner.stopScan();
                resolve(r);
            }
        });
    });
}

const features = () => ({ ioCap: it.ioCap, mitm: it.mitm, sc: true, bondingFlags: 1 });

function connect(manager, peer) {
    return new Promise((resolve) => manager.connect(peer.addressType, peer.address, {},
        (connection) => {
            // The device's Security Request may come before we ask; its answer is the same.
            connection.smp.on('pairingRequest', (request, callback) => callback(features()));
            resolve(connection);
        }));
}

// Both ends must see the same six digits; the agent stands for the person who looks at both.
function pair(connection, agent) {
    return new Promise((resolve, reject) => {
        const smp = connection.smp;
        smp.on('passkeyExchange', async (associationModel, userPasskey, callback) => {
            stage.note('ble-host', 'model ' + AssociationModels.toString(associationModel));
            if (associationModel !== it.expect) {
                reject(new Error('another association model than expected'));
            } else if (associationModel === AssociationModels.NUMERIC_COMPARISON) {
                const [, shown] = await agent.asked(/compare (\d{6})/);
                stage.assert(shown === String(userPasskey).padStart(6, '0'), 'both show ' + shown);
                agent.say('yes');
                callback();
            } else {
                const [, shown] = await agent.asked(/display passkey (\d{6})/);
                callback(shown);
            }
        });
        smp.on('pairingComplete', resolve);
        smp.on('pairingFail', (reason) => reject(new Error('pairing failed: ' + reason)));
        connection.on('disconnect', (reason) => reject(new Error('disconnected: ' + reason)));
        smp.sendPairingRequest(features());
    });
}

async function characteristics(connection) {
    const services = await new Promise((r) => connection.gatt.discoverAllPrimaryServices(r));
    const service = services.find((s) => s.uuid === uuid('0001'));
    stage.assert(service, 'the provisioning service is discovered');
    const list = await new Promise((r) => service.discoverCharacteristics(r));
    return Object.fromEntries(list.map((c) => [c.uuid.slice(4, 8), c]));
}

async function reconnect(manager, peer) {
    const connection = await connect(manager, peer);
    stage.assert(connection.smp.hasLtk, 'ble-host still has the LTK');
    const encrypted = new Promise((resolve) => {
        connection.smp.on('encrypt', (status) => resolve(status));
        connection.on('disconnect', (reason) => resolve(reason));
    });
    connection.smp.startEncryption();
    return { connection, status: await encrypted };
}

async function disconnect(connection) {
    const gone = stage.sleepUntil(connection, 'disconnect');
    if (!connection.disconnected) {
        connection.disconnect();
        await gone;
    }
}

stage.tell(async () => {
    const air = await stage.startAir();
    const networks = stage.write('networks.conf',
        '[network]\nssid = Interop\nsecurity = wpa2\npassphrase = correct horse\nsignal = -50\n');
    const agentSocket = path.join(stage.dir, 'agent');
    const args = ['--transport', air.transport, '--name', name, '--security', it.security,
        '--io-cap', it.device, '--store', path.join(stage.dir, 'device.db'),
        '--network', 'sim:' + networks, '--keep-ble', 'yes'];
    if (it.device !== 'none')
        args.push('--agent', 'unix:' + agentSocket);
    const device = stage.run('trothd', args, { as: 'device' });
    await device.line(/advertising as/i);
    const agent = it.device === 'none' ? null : await require('./agent.js')(agentSocket);

    let manager = await stage.manager(air);
    const peer = await find(manager);
    let connection = await connect(manager, peer);
    const paired = await pair(connection, agent);
    stage.assert(paired.sc, 'LE Secure Connections was used');
    stage.assert(paired.bond, 'a bond was made');
    stage.assert(paired.mitm === it.mitm, 'MITM protection as asked');
    const [link] = (await air.status()).links;
    // A key may well end in a zero octet or two: the radio cannot tell those from a shorter key.
    stage.assert(link.encrypted && link.apparent_key_size > 13, 'the air sees 16-octet encryption');

    const c = await characteristics(connection);
    const states = [];
    const finished = new Promise((resolve) => c['0006'].on('change', (value) => {
        states.push(value[0]);
        if (value[0] >= 3)
            resolve();
    }));
    await stage.call(c['0006'], 'writeCCCD', true, false);
    await stage.call(c['0002'], 'write', 'Interop');
    await stage.call(c['0003'], 'write', 'correct horse');
    await stage.call(c['0005'], 'write', Buffer.from([1]));
    await finished;
    stage.assert(states.includes(2) && states.at(-1) === 3, 'status went CONNECTING, CONNECTED');
    stage.assert((await stage.call(c['0006'], 'read'))[0] === 3, 'status reads CONNECTED');
    stage.assert(stage.networkState(networks).joined.ssid === 'Interop', 'the network has the device');
    await disconnect(connection);

    let again = await reconnect(manager, peer);
    stage.assert(again.status === 0, 'the bond encrypts the next connection');
    const d = await characteristics(again.connection);
    stage.assert((await stage.call(d['0006'], 'read'))[0] === 3, 'and the status is readable');
    await disconnect(again.connection);
    manager.close();

    // One bit of the foreign stack's own LTK.
    const corrupt = (folder) => fs.readdirSync(folder, { withFileTypes: true }).forEach((f) => {
        const p = path.join(folder, f.name);
        if (f.isDirectory()) {
            corrupt(p);
        } else if (f.name === 'keys.json') {
            const keys = JSON.parse(fs.readFileSync(p));
            for (const k of ['localLtk', 'peerLtk']) {
                if (keys[k]) {
                    const b = Buffer.from(keys[k].ltk, 'hex');
                    b[5] ^= 0x10;
                    keys[k].ltk = b.toString('hex');
                }
            }
            fs.writeFileSync(p, JSON.stringify(keys));
            corrupt.done = true;
        }
    });
    corrupt('NodeBleLib-storage-dir');
    stage.assert(corrupt.done, 'there was an LTK to corrupt');
    // ble-host caches its store: a process of its own reads the corrupted one.
    const other = require('child_process').spawnSync(process.execPath,
        [path.join(__dirname, 'reconnect.js'), air.socket, peer.addressType, peer.address],
        { encoding: 'utf8', env: process.env, timeout: 30000 });
    stage.note('ble-host', other.stdout + other.stderr);
    stage.assert(/^encrypt: (61|disconnected 61)$/m.test(other.stdout),
        'a corrupted LTK ends with 0x3D, never with an encrypted link');
    await device.line(/0x3D|MIC|different keys|key mismatch/i);
});
