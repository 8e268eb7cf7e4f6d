// The toolkit tries out a style of its own as soon as it is loaded, and takes the nonce that the policy asks of it from
// here. This module therefore stands before it.
const nonce = document.currentScript?.nonce;
if (nonce !== undefined && nonce !== '') {
  const meta = document.createElement('meta');
  meta.setAttribute('property', 'csp-nonce');
  meta.content = nonce;
  document.head.append(meta);
}
