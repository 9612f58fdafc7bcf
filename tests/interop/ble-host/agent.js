// The person at the device: sees what its agent shows, answers what it asks.
'use strict';
const net = require('net');
const stage = require('./stage.js');

module.exports = (socketPath) => new Promise((resolve, reject) => {
    const lines = [], waiting = [];
    const socket = net.connect(socketPath);
    let rest = '';
    socket.setEncoding('utf8').on('error', reject).on('data', (text) => {
        const parts = (rest + text).split('\n');
        rest = parts.pop();
        for (const line of parts) {
            stage.note('agent', line);
            lines.push(line);
            waiting.splice(0).forEach((look) => look());
        }
    });
    socket.on('connect', () => resolve({
        // The next line that matches, past or to come.
        asked: (pattern) => new Promise((done) => {
            const look = () => {
                const i = lines.findIndex((l) => pattern.test(l));
                if (i < 0)
                    waiting.push(look);
                else
                    done(lines.splice(i, 1)[0].match(pattern));
            };
            look();
        }),
        say: (line) => socket.write(line + '\n'),
    }));
});
