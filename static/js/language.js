/** A browser under the C locale says "en-US@posix", which is no language tag (RFC 5646); libraries that format numbers would not load. */

try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en", configurable: true });
}
