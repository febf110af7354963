// Runs in the document that holds a page. For each episode the page is written into a frame of its own: a new window,
// in which nothing of the last one is left, without the browser's going anywhere.
(() => {
  "use strict";

  // Runs in the frame before the page's own scripts: says when the page has dealt with what was done, and how it stands.
  const inner = () => {
    "use strict";
    document.currentScript.remove();
    const LONGEST_TIMER_MS = 400; // as long as other desktops wait for a timer that may paint
    const SCROLLING = 2; // frames after which a wheel's scrolling is on the page: it goes another way than its event
    const EPOCH = Date.UTC(2024, 0, 1); // as the files of a desktop
    const LATEST = 2 ** 31 - 1; // what a timer can hold

    const native = {
      setTimeout: window.setTimeout.bind(window),
      clearTimeout: window.clearTimeout.bind(window),
      requestAnimationFrame: window.requestAnimationFrame.bind(window),
      cancelAnimationFrame: window.cancelAnimationFrame.bind(window),
    };

    // What the page is about to do by itself. Intervals never end, so they are not waited for.
    const timers = new Map();
    const frames = new Set();

    const noting = (start) => (work, delay, ...rest) => {
      if (typeof work !== "function") return start(work, delay);
      const timer = start(() => {
        timers.delete(timer);
        work.apply(window, rest);
      }, delay);
      timers.set(timer, performance.now() + (Number(delay) || 0));
      return timer;
    };
    const forgetting = (stop) => (timer) => {
      timers.delete(timer);
      stop(timer);
    };
    window.setTimeout = noting(native.setTimeout);
    window.clearTimeout = forgetting(native.clearTimeout);
    window.requestAnimationFrame = (work) => {
      const frame = native.requestAnimationFrame((now) => {
        frames.delete(frame);
        work(now);
      });
      frames.add(frame);
      return frame;
    };
    window.cancelAnimationFrame = (frame) => {
      frames.delete(frame);
      native.cancelAnimationFrame(frame);
    };

    const isStill = () => {
      const soon = performance.now() + LONGEST_TIMER_MS;
      if (frames.size || [...timers.values()].some((due) => due <= soon)) return false;
      if (document.fonts.status === "loading" || [...document.images].some((image) => !image.complete)) return false;
      if (window.jQuery && window.jQuery.timers && window.jQuery.timers.length) return false;
      const runs = (one) => one.playState === "running" && Number.isFinite(one.effect.getComputedTiming().endTime);
      return !document.getAnimations().some(runs);
    };

    // The same day whenever it is looked at: calendars mark it.
    const RealDate = Date;
    const started = RealDate.now();
    const now = () => EPOCH + (RealDate.now() - started);
    window.Date = new Proxy(RealDate, {
      construct: (date, given) => (given.length ? new date(...given) : new date(now())),
      apply: (date) => new date(now()).toString(),
      get: (date, name) => (name === "now" ? now : Reflect.get(date, name)),
    });
    RealDate.prototype.constructor = window.Date;

    // Input as it arrives, before the page's handlers see it.
    const seen = { mousedown: 0, mouseup: 0, keyup: 0, wheel: 0, x: null, y: null };
    const alike = { dragend: "mouseup" };
    for (const type of ["mousemove", "mousedown", "mouseup", "keyup", "wheel", "dragover", "dragend"]) {
      const note = (event) => {
        if (!event.isTrusted) return;
        const name = alike[type] || type;
        if (name in seen) seen[name] += 1;
        if (event instanceof MouseEvent && type !== "dragend") [seen.x, seen.y] = [event.clientX, event.clientY];
        look();
      };
      window.addEventListener(type, note, { capture: true, passive: true });
    }

    // A corner of the screen that says by its colour which request the picture is an answer to.
    const marker = document.createElement("div");
    marker.style.cssText = "all:initial;position:fixed;right:0;bottom:0;width:8px;height:8px;z-index:2147483647";
    const mark = (number) => {
      if (!marker.isConnected) document.documentElement.append(marker);
      marker.style.background = "#" + number.toString(16).padStart(6, "0");
    };

    let waiting = null;
    let turned = 0;
    const hasCome = (name) => seen[name] >= waiting.input[name];
    const look = () => {
      if (!waiting || waiting.looking) return;
      if (!["mousedown", "mouseup", "keyup", "wheel"].every(hasCome)) return;
      if (waiting.place && (seen.x !== waiting.place[0] || seen.y !== waiting.place[1])) return;
      waiting.looking = true;
      native.requestAnimationFrame(wait);
    };
    const wait = () => {
      if (!waiting) return;
      waiting.left = isStill() ? waiting.left - 1 : waiting.frames;
      if (waiting.left > 0) native.requestAnimationFrame(wait);
      else tell(true);
    };
    const tell = (still) => {
      const { number, resolve } = waiting;
      waiting = null;
      mark(number);
      resolve({ ...stands(), still });
    };

    let begun = false;
    const stands = () => ({
      begun,
      over: window.WOB_DONE_GLOBAL === true,
      raw: Number(window.WOB_RAW_REWARD_GLOBAL) || 0,
      reason: window.WOB_REWARD_REASON == null ? null : String(window.WOB_REWARD_REASON),
      seen: { ...seen },
    });

    const begin = (seed, mode) => {
      Math.seedrandom(seed);
      core.setDataMode(mode);
      // Time does not count: a step limit ends what goes on for too long.
      core.EPISODE_MAX_TIME = LATEST;
      // The cover that asks for the next episode would hide the end of this one.
      core.startEpisode = () => {};
      core.startEpisodeReal();
      // What it paid before, and the seconds that are left.
      core.hideDisplay();
      begun = true;
      const told = core.getUtterance();
      return typeof told === "string" ? told : told.utterance;
    };

    // When all this input has come, the page is still and `number` is painted: how the page stands.
    const after = (input, place, number) =>
      new Promise((resolve) => {
        const frames = input.wheel > turned ? SCROLLING : 1;
        turned = input.wheel;
        waiting = { input, place, number, resolve, frames, left: frames, looking: false };
        look();
      });
    // No more input will come: what was to be seen went to something else than the page.
    const noMore = () => {
      if (!waiting) return;
      waiting.input = { mousedown: 0, mouseup: 0, keyup: 0, wheel: 0 };
      waiting.place = null;
      look();
    };
    // Ends the waiting, though the page still moves.
    const giveUp = () => waiting && native.requestAnimationFrame(() => waiting && tell(false));

    Object.defineProperty(window, "agentgym", { value: { begin, after, noMore, giveUp } });
  };

  document.documentElement.innerHTML = '<body style="margin:0;overflow:hidden"></body>';
  const LOST = { begun: false, over: false, raw: 0, reason: null, seen: {}, still: true };
  let source = "";
  let frame = null;
  let page = null;
  let lose = () => {};
  // A link may have led the frame somewhere else.
  const isThere = () => page !== null && frame.contentWindow.agentgym === page;

  const keep = (html) => {
    source = html.replace(/<head[^>]*>/i, (head) => `${head}<script>(${inner})()</${"script"}>`);
  };
  const open = (seed, mode) =>
    new Promise((resolve, reject) => {
      if (frame) frame.remove();
      frame = document.createElement("iframe");
      frame.style.cssText = "border:0;position:fixed;left:0;top:0;width:100%;height:100%";
      document.body.append(frame);
      const shown = frame.contentWindow;
      // Its address becomes this document's, and with it what links and files are relative to.
      shown.document.open();
      const begin = () => {
        try {
          page = shown.agentgym;
          frame.focus();
          shown.focus();
          resolve(page.begin(seed, mode));
        } catch (error) {
          reject(error);
        }
      };
      // After the page's own handlers.
      shown.addEventListener("load", () => setTimeout(begin));
      shown.document.write(source);
      shown.document.close();
    });
  const after = (...wanted) =>
    new Promise((resolve) => {
      lose = () => resolve(LOST);
      if (isThere()) page.after(...wanted).then(resolve);
      else lose();
    });
  const noMore = () => (isThere() ? page.noMore() : lose());
  const giveUp = () => (isThere() ? page.giveUp() : lose());

  Object.defineProperty(window, "agentgym", { value: { keep, open, after, noMore, giveUp } });
})();
