/** The wheel on the diagram zooms about the pointer; sideways, or with Shift, it pans. */

const ZOOM_A_PIXEL = 0.0018;
const LINE_PX = 20;

/** @param {Timeline} timeline */
export function wheeling(timeline) {
  const { plot, window } = timeline;
  plot.addEventListener("wheel", (event) => {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX;
    const sideways = event.shiftKey ? event.deltaX + event.deltaY : event.deltaX;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) timeline.pan(((sideways * unit) / Math.max(1, plot.clientWidth)) * window.span);
    else timeline.zoom(Math.exp(event.deltaY * unit * ZOOM_A_PIXEL), window.time(event.clientX - plot.getBoundingClientRect().left, plot.clientWidth));
  }, { passive: false });
}
