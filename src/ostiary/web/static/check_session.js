// The page that applications keep in a hidden frame to learn of a sign-in or sign-out
// (OpenID Connect Session Management 1.0, 3.2). An application posts its client_id and the
// session_state that it got; the answer is "unchanged", "changed" or "error".
//
// Old JavaScript throughout: this runs in whatever browsers the applications support.
// Nothing is sent to the server, so nobody can flood it from here.
(function () {
  "use strict";

  var MAX_LENGTH = 1024;
  var MESSAGE = /^([\x21-\x7e]+) ([0-9a-f]{64})\.([0-9A-Za-z]{16})$/;
  var COOKIE = location.protocol === "https:" ? "__Host-ostiary_state" : "ostiary_state";

  // SHA-256 (FIPS 180-4). Its constants are the first 32 bits of the fractional parts of the
  // square roots of the first eight primes, and of the cube roots of the first sixty-four.
  var INITIAL = [];
  var ROUNDS = [];

  function fraction(root) {
    return ((root - Math.floor(root)) * 4294967296) | 0;
  }

  function isPrime(number) {
    for (var divisor = 2; divisor * divisor <= number; divisor++) {
      if (number % divisor === 0) return false;
    }
    return true;
  }

  for (var candidate = 2; ROUNDS.length < 64; candidate++) {
    if (!isPrime(candidate)) continue;
    if (INITIAL.length < 8) INITIAL.push(fraction(Math.pow(candidate, 1 / 2)));
    ROUNDS.push(fraction(Math.pow(candidate, 1 / 3)));
  }

  function turn(word, bits) {
    return (word >>> bits) | (word << (32 - bits));
  }

  // The padded blocks of an ASCII text, as 32-bit words.
  function wordsOf(text) {
    var words = [];
    var index;
    for (index = 0; index < text.length; index++) {
      words[index >> 2] |= text.charCodeAt(index) << (24 - (index % 4) * 8);
    }
    words[index >> 2] |= 0x80 << (24 - (index % 4) * 8);
    var end = (((text.length + 8) >> 6) + 1) * 16;
    words[end - 1] = text.length * 8;
    return { words: words, end: end };
  }

  function schedule(words, start) {
    var w = [];
    for (var i = 0; i < 64; i++) {
      if (i < 16) {
        w[i] = words[start + i] | 0;
        continue;
      }
      var a = w[i - 15];
      var b = w[i - 2];
      var low = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
      var high = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
      w[i] = (w[i - 16] + low + w[i - 7] + high) | 0;
    }
    return w;
  }

  function compress(state, w) {
    var s = state.slice();
    for (var i = 0; i < 64; i++) {
      var sum1 = turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25);
      var choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
      var first = (s[7] + sum1 + choice + ROUNDS[i] + w[i]) | 0;
      var sum0 = turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22);
      var majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
      var second = (sum0 + majority) | 0;
      s = [(first + second) | 0, s[0], s[1], s[2], (s[3] + first) | 0, s[4], s[5], s[6]];
    }
    for (var j = 0; j < 8; j++) state[j] = (state[j] + s[j]) | 0;
  }

  function sha256(text) {
    var blocks = wordsOf(text);
    var state = INITIAL.slice();
    for (var start = 0; start < blocks.end; start += 16) {
      compress(state, schedule(blocks.words, start));
    }
    var digits = "";
    for (var i = 0; i < 8; i++) {
      digits += ("0000000" + (state[i] >>> 0).toString(16)).slice(-8);
    }
    return digits;
  }

  function browserState() {
    var pairs = document.cookie.split(/; */);
    for (var i = 0; i < pairs.length; i++) {
      if (pairs[i].indexOf(COOKIE + "=") === 0) return pairs[i].slice(COOKIE.length + 1);
    }
    return "";
  }

  // Only the page around this frame may ask (3.2). Where the browser does not name it, the
  // origin is held to what it must be all the same: it is part of the digest.
  function mayAsk(origin) {
    var around = location.ancestorOrigins;
    return !around || around.length === 0 || around[0] === origin;
  }

  function answer(text, origin) {
    var parts = text.length <= MAX_LENGTH ? MESSAGE.exec(text) : null;
    var state = browserState();
    // A browser that withholds the cookie in frames must not make anybody ask for ever:
    // after "error" an application does not (3.1).
    if (!parts || !state) return "error";
    var digest = sha256(parts[1] + " " + origin + " " + state + " " + parts[3]);
    return digest === parts[2] ? "unchanged" : "changed";
  }

  window.addEventListener("message", function (event) {
    if (typeof event.data !== "string" || !event.source || event.source === window) return;
    if (event.origin === "null" || !mayAsk(event.origin)) return;
    event.source.postMessage(answer(event.data, event.origin), event.origin);
  });
})();
