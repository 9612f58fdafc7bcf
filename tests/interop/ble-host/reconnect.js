// Connects and encrypts with the bond in the working directory; says how it ended.
//   reconnect.js SOCKET TYPE ADDRESS
'use strict';
const home = process.cwd();
const stage = require('./stage.js');
process.chdir(home);
const [socket, type, address] = process.argv.slice(2);

stage.manager({ socket }, { staticRandomAddress: stage.ownAddress }).then((manager) => {
    manager.connect(type, address, {}, (connection) => {
        const say = (what) => {
            console.log('encrypt: ' + what);
            require('fs').rmSync(stage.dir, { recursive: true, force: true });
            process.exit(0);
        };
        connection.smp.on('encrypt', (status) => say(status));
        connection.on('disconnect', (reason) => say('disconnected ' + reason));
        connection.smp.startEncryption();
    });
});
