//! An open change: the clock, the box's own view of it, and the answer where it can be given without a person.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::window;
use web_sys::Element;

use super::dom::{Answer, every, fill, find, go, now, number, send, set, show, whole};

const PAGE: &str = "/network/change";
const TICK: u64 = 250;
const ASK: u64 = 1_000;
/// Time to read that the page moves, and where to.
const MOVE_AFTER: f64 = 8_000.0;
/// The clock follows the box when it is this far off.
const OFF_BY: f64 = 2_000.0;
/// A connection from before the change may go on for a moment; after this many refusals a person is asked.
const TRIES: u8 = 15;
const SAY_AT: [f64; 3] = [60.0, 30.0, 10.0];

struct Watch {
    root: Element,
    phase: String,
    ends: Cell<f64>,
    said: Cell<f64>,
    tries: Cell<u8>,
    asking: Cell<bool>,
    /// The page leaves; nothing else may lead elsewhere.
    leaving: Cell<bool>,
    link: RefCell<Option<Element>>,
}

pub fn start(root: &Element) {
    let Some(phase) = find(root, "[data-change]").and_then(|e| e.get_attribute("data-phase")) else { return };
    if phase == "none" {
        return;
    }
    let left = find(root, "[data-left]").map_or(0.0, |e| number(&e, "data-left"));
    let link = find(root, "[data-moves]");
    show(link.as_ref(), true);
    if link.is_some() {
        show(find(root, "form[data-plain]").as_ref(), false);
    }
    let auto = find(root, "[data-auto]").is_some();
    let watch = Rc::new(Watch {
        root: root.clone(),
        phase,
        ends: Cell::new(now() + left),
        said: Cell::new(left / 1000.0),
        tries: Cell::new(if auto { TRIES } else { 0 }),
        asking: Cell::new(false),
        leaving: Cell::new(false),
        link: RefCell::new(link),
    });
    let began = now();
    let clock = Rc::clone(&watch);
    every(TICK, move || {
        clock.tick();
        if now() - began > MOVE_AFTER {
            clock.leave();
        }
    });
    every(ASK, move || Rc::clone(&watch).ask());
}

impl Watch {
    fn tick(&self) {
        let Some(countdown) = find(&self.root, "[data-left]") else { return };
        let left = (self.ends.get() - now()).max(0.0);
        let seconds = (left / 1000.0).ceil();
        if let Some(clock) = find(&countdown, "output") {
            write_seconds(&clock, seconds);
        }
        if let Some(bar) = find(&countdown, "progress") {
            set(&bar, "value", &whole(left).to_string());
            bar.set_class_name(if seconds <= 10.0 { "hot" } else { "" });
        }
        // told when it is passed, not each second
        if SAY_AT.iter().any(|at| self.said.get() > *at && seconds <= *at)
            && let Some(say) = find(&self.root, "[data-say]")
        {
            write_seconds(&say, seconds);
        }
        self.said.set(seconds);
    }

    /// To the new address, once: the browser may ask the person there, so a script's request would not do.
    fn leave(&self) {
        if self.phase == "awaiting"
            && let Some(url) = self.link.take().and_then(|link| link.get_attribute("href"))
        {
            self.leaving.set(true);
            let _ = window().location().assign(&url);
        }
    }

    fn ask(self: Rc<Self>) {
        if self.asking.replace(true) || self.leaving.get() {
            return;
        }
        let watch = Rc::clone(&self);
        if self.tries.get() > 0 {
            send("POST", "/network/change/confirm", Some("automatic=1"), move |answer| watch.confirmed(&answer));
        } else {
            send("GET", "/network/change/state", None, move |answer| watch.state(&answer));
        }
    }

    fn confirmed(&self, answer: &Answer) {
        self.asking.set(false);
        match answer.status {
            200..300 | 410 => go(PAGE),
            // cut off in the middle of the change, or the connection does not count yet
            0 | 500.. => {}
            403 => self.tries.set(self.tries.get() - 1),
            _ => self.tries.set(0),
        }
    }

    fn state(&self, answer: &Answer) {
        self.asking.set(false);
        let mut words = answer.text.split(' ');
        let (phase, left) = (words.next().unwrap_or_default(), words.next().and_then(|l| l.parse::<u32>().ok()));
        let Some(left) = left.filter(|_| answer.good()).map(f64::from) else { return };
        if self.leaving.get() {
            return;
        }
        if phase != self.phase {
            go(PAGE);
        } else if (self.ends.get() - now() - left).abs() > OFF_BY {
            self.ends.set(now() + left);
        }
    }
}

fn write_seconds(element: &Element, seconds: f64) {
    let template = element.get_attribute("data-template").unwrap_or_default();
    element.set_text_content(Some(&fill(&template, |_| whole(seconds).to_string())));
}
