// Browsers refuse workers to pages that are read from disk. There a hidden frame does the work of one,
// so that the search answers; elsewhere nothing changes.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      this.onmessage = null
      this.frame = document.createElement("iframe")
      this.frame.hidden = true
      // A frame of text has the origin of the page around it: both see each other.
      this.frame.srcdoc = "<!doctype html><title>worker</title>"
      this.ready = new Promise(resolve => this.frame.addEventListener("load", () => resolve(this.begin(url)), { once: true }))
      document.documentElement.append(this.frame)
    }

    begin(url) {
      const inner = this.frame.contentWindow
      inner.postMessage = data => this.tell(data)
      inner.importScripts = (...urls) => Promise.all(urls.map(one => load(inner, one)))
      return load(inner, url)
    }

    tell(data) {
      const message = new MessageEvent("message", { data })
      this.dispatchEvent(message)
      if (this.onmessage) this.onmessage(message)
    }

    postMessage(data) {
      this.ready.then(() => {
        const inner = this.frame.contentWindow
        inner.dispatchEvent(new inner.MessageEvent("message", { data }))
      })
    }

    terminate() {
      this.frame.remove()
    }
  }

  function load(inner, url) {
    return new Promise((resolve, reject) => {
      const script = inner.document.createElement("script")
      script.src = url
      script.onload = resolve
      script.onerror = reject
      inner.document.head.append(script)
    })
  }
}
