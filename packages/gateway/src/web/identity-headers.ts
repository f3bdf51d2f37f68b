// By which request header fields upstreams learn who the caller is: what a caller writes there itself never goes on.

/**
 * Each name in its plain form (`plainName`), with who reads it; `*` ends the name of a family. A name that is missing
 * here lets a caller be anybody at an upstream that reads it, so a row is added sooner than it is argued about.
 */
export const IDENTITY_HEADERS: readonly (readonly [name: string, readBy: string])[] = [
  // The caller's certificate.
  ['client-cert', 'RFC 9440 §2.4: an incoming one must be removed; ours to write'],
  ['client-cert-*', 'RFC 9440 Client-Cert-Chain, and what is made of it'],
  ['x-client-cert*', 'Apache, IIS and Kong recipes, also X-Client-Certificate'],
  ['x-forwarded-client-cert', 'Envoy, Istio, Linkerd'],
  ['x-ssl-*', 'HAProxy, nginx and Apache recipes: X-SSL-Client-Cert, X-SSL-Client-Verify, X-SSL-CERT'],
  ['ssl-*', 'nginx ingress (SSL-Client-Cert), Apache mod_ssl (SSL_CLIENT_S_DN), F5'],
  ['x-tls-*', 'Caddy and HAProxy recipes'],
  ['tls-client-*', 'Traefik and Caddy recipes'],
  ['x-client-verify', 'nginx recipes'],
  ['x-client-dn', 'nginx recipes'],
  ['x-client-s-dn', 'nginx recipes'],
  ['x-client-i-dn', 'nginx recipes'],
  ['x-client-serial', 'nginx recipes'],
  ['x-client-fingerprint', 'nginx recipes'],
  ['x-client-tls-*', 'Gloo and API gateways'],
  ['x-arr-clientcert', 'Azure App Service, IIS ARR'],
  ['x-amzn-mtls-*', 'AWS application load balancer'],
  ['cf-client-cert-*', 'Cloudflare'],
  ['x-spiffe-id', 'SPIFFE sidecars'],
  ['x-envoy-*', 'Envoy: peer metadata, external address, and what it obeys of internal callers'],
  ['l5d-*', 'Linkerd: l5d-client-id, l5d-remote-ip, and where to route'],
  ['wl-proxy-*', 'WebLogic: WL-Proxy-Client-Cert, -Client-IP, -SSL'],
  ['proxy-auth-cert', 'Jetty'],
  ['proxy-ssl-id', 'Jetty'],
  ['cert-chain*', 'Keycloak, behind Apache and HAProxy'],
  ['sslclientcert*', 'F5'],
  ['x-client-cn', 'recipes'],
  ['x-client-subject*', 'recipes'],
  ['x-client-issuer*', 'recipes'],
  // WebSphere takes these from its web server: certificate, user, addresses, scheme ($WSCC and so on).
  ...['at', 'cc', 'cs', 'is', 'pr', 'ra', 'rh', 'ru', 'sc', 'sn', 'sp', 'si'].map(
    (name) => [`ws${name}`, `WebSphere: $WS${name.toUpperCase()}`] as const,
  ),
  ['x-countersign-*', 'ours, kept free'],
  ['countersign-*', 'ours, kept free'],
  // The caller's address, and where it believes to be: upstreams log, limit and decide on them.
  ['forwarded', 'RFC 7239'],
  ['x-forwarded', 'before RFC 7239'],
  ['x-forwarded-*', '-For, -Host, -Proto, -Port, -Prefix, -Server, -User, -Email, -Groups, -Access-Token: everywhere'],
  ['x-real-ip', 'nginx, Rack, Laravel'],
  ['client-ip', 'PHP recipes (HTTP_CLIENT_IP)'],
  ['x-client-ip', 'Apache, Azure'],
  ['proxy-client-ip', 'WebLogic recipes'],
  ['x-cluster-client-ip', 'Rackspace, Riverbed'],
  ['x-originating-ip', 'Microsoft, mail to web'],
  ['x-remote-ip', 'recipes'],
  ['x-remote-addr', 'recipes'],
  ['x-azure-clientip', 'Azure Front Door'],
  ['x-azure-socketip', 'Azure Front Door'],
  ['x-appengine-*', 'Google App Engine: user, address, and "this is a task of ours"'],
  ['true-client-ip', 'Akamai, Cloudflare'],
  ['cf-connecting-ip*', 'Cloudflare, also CF-Connecting-IPv6'],
  ['cf-pseudo-ipv4', 'Cloudflare'],
  ['fastly-client-ip', 'Fastly'],
  ['fly-client-ip', 'Fly.io'],
  ['do-connecting-ip', 'DigitalOcean'],
  ['x-nf-client-connection-ip', 'Netlify'],
  ['x-vercel-forwarded-for', 'Vercel'],
  ['x-host', 'recipes, as X-Forwarded-Host'],
  ['x-http-host-override', 'recipes, as X-Forwarded-Host'],
  ['x-scheme', 'ingress-nginx, Werkzeug recipes'],
  ['x-url-scheme', 'as X-Forwarded-Proto'],
  ['x-proxied-https', 'Jetty'],
  ['x-arr-ssl', 'IIS ARR'],
  ['front-end-https', 'Microsoft'],
  // The name of a person who signed in elsewhere.
  ['remote-user', 'CGI (RFC 3875 §4.1.11) by way of a header, Grafana, Authelia'],
  ['remote-name', 'Authelia'],
  ['remote-email', 'Authelia'],
  ['remote-group*', 'Authelia, also Remote-Groups'],
  ['auth-user', 'CGI recipes'],
  ['x-remote-user*', 'Kubernetes front proxy, also -Uid and -Id'],
  ['x-remote-group*', 'Kubernetes front proxy'],
  ['x-remote-name', 'recipes'],
  ['x-remote-email', 'recipes'],
  ['x-remote-extra-*', 'Kubernetes front proxy'],
  ['impersonate-*', 'Kubernetes: acts as another user'],
  ['x-auth-request-*', 'oauth2-proxy behind nginx'],
  // Not all of X-Auth-* and X-User-*: X-Auth-Token is a credential that the upstream checks itself.
  ['x-auth-user*', 'recipes, also -Username, -Userid'],
  ['x-auth-email', 'recipes'],
  ['x-auth-name', 'recipes'],
  ['x-auth-subject', 'recipes'],
  ['x-auth-group*', 'recipes'],
  ['x-auth-role*', 'recipes'],
  ['x-user', 'recipes'],
  ['x-user-id', 'recipes, OpenStack'],
  ['x-user-name', 'recipes, OpenStack'],
  ['x-user-email', 'recipes'],
  ['x-user-group*', 'recipes'],
  ['x-user-role*', 'recipes'],
  ['x-username', 'recipes'],
  ['x-authenticated-*', 'Kong and recipes: -User, -Userid, -Groups, -Scope'],
  ['x-consumer-*', 'Kong'],
  ['x-credential-*', 'Kong'],
  ['x-webauth-*', 'Grafana, Gitea, Prometheus'],
  ['x-proxy-user', 'recipes'],
  ['proxy-remote-user', 'WebLogic recipes'],
  ['x-anonymous-consumer', 'Kong'],
  ['x-userinfo', 'Apache APISIX'],
  ['x-apigateway-api-userinfo', 'Google API Gateway'],
  ['x-endpoint-api-userinfo', 'Google Cloud Endpoints'],
  ['dapr-caller-*', 'Dapr'],
  ['cas-*', 'mod_auth_cas'],
  ['osso-*', 'Oracle Single Sign-On'],
  ['ct-remote-user', 'RSA ClearTrust'],
  ['x-proxy-authenticated-*', 'recipes'],
  ['x-proxy-remote-user', 'Nexus recipes'],
  ['x-goog-authenticated-user-*', 'Google Identity-Aware Proxy'],
  ['x-goog-iap-jwt-assertion', 'Google Identity-Aware Proxy'],
  ['x-ms-client-principal*', 'Azure App Service'],
  ['x-ms-token-*', 'Azure App Service'],
  ['x-amzn-oidc-*', 'AWS application load balancer'],
  ['cf-access-*', 'Cloudflare Access'],
  ['x-pomerium-*', 'Pomerium'],
  ['x-authentik-*', 'authentik'],
  ['x-vouch-*', 'Vouch Proxy'],
  ['tailscale-*', 'Tailscale Serve'],
  ['x-token-subject', 'recipes'],
  ['x-jwt-assertion', 'WSO2'],
  ['oidc-*', 'mod_auth_openidc: OIDC_CLAIM_sub'],
  ['mellon-*', 'mod_auth_mellon'],
  ['shib-*', 'Shibboleth'],
  ['eppn', 'Shibboleth'],
  ['rest-remote-user', 'Nexus'],
  ['iv-user*', 'IBM Security Access Manager'],
  ['iv-groups', 'IBM Security Access Manager'],
  ['iv-creds', 'IBM Security Access Manager'],
  ['sm-user*', 'SiteMinder'],
  ['sm-universalid', 'SiteMinder'],
  ['oam-*', 'Oracle Access Manager'],
  // Rewriting that moves a request past checks which an upstream makes on its path.
  ['x-original-*', 'IIS, Symfony, nginx auth_request: -URL, -URI, -Host, -Method'],
  ['x-rewrite-url', 'IIS, Symfony'],
  ['x-middleware-*', 'Next.js: CVE-2025-29927'],
  ['x-script-name', 'WSGI recipes'],
  ['script-name', 'gunicorn'],
  ['path-info', 'gunicorn'],
  ['x-sendfile-type', 'Rack: CVE-2025-61780'],
  ['x-accel-*', 'nginx and Rack: which file to send'],
  ['proxy', 'CGI takes HTTP_PROXY for its own way out: CVE-2016-5385'],
]

const EXACT: ReadonlySet<string> = new Set(IDENTITY_HEADERS.map(([name]) => name).filter((name) => !name.endsWith('*')))
const FAMILIES: readonly string[] = IDENTITY_HEADERS.map(([name]) => name)
  .filter((name) => name.endsWith('*'))
  .map((name) => name.slice(0, -1))

/**
 * One form for all spellings that some upstream reads as the same name: CGI turns `-`, and some servers `.`, a space or
 * any other octet too, into `_`.
 * @param name As it stood on the wire.
 */
export function plainName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}

/** Does a field of that name tell an upstream who the caller is? */
export function namesIdentity(name: string): boolean {
  const plain = plainName(name)
  return EXACT.has(plain) || FAMILIES.some((family) => plain.startsWith(family))
}
