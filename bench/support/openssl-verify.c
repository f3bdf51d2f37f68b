/* What X509_verify_cert takes. Usage: openssl-verify ROOT ISSUING TIME LEAF..., all DER, the time in seconds of the epoch.
 * Prints microseconds of CPU for each leaf: cold, every certificate read for it; warm, root and issuer known and used
 * before; and warm with the reading of the leaf left out. */
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct der { unsigned char *octets; long length; };

static struct der load(const char *path) {
  struct der der = {0};
  FILE *file = fopen(path, "rb");
  if (!file) { perror(path); exit(2); }
  fseek(file, 0, SEEK_END);
  der.length = ftell(file);
  rewind(file);
  der.octets = malloc(der.length);
  if (fread(der.octets, 1, der.length, file) != (size_t)der.length) { perror(path); exit(2); }
  fclose(file);
  return der;
}

static X509 *read_certificate(struct der der) {
  const unsigned char *at = der.octets;
  X509 *certificate = d2i_X509(NULL, &at, der.length);
  if (!certificate) { fprintf(stderr, "a certificate cannot be read\n"); exit(2); }
  return certificate;
}

static void verify(X509_STORE *store, X509 *issuing, X509 *leaf, time_t now) {
  X509_STORE_CTX *context = X509_STORE_CTX_new();
  STACK_OF(X509) *untrusted = sk_X509_new_null();
  sk_X509_push(untrusted, issuing);
  X509_STORE_CTX_init(context, store, leaf, untrusted);
  X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_time(param, now);
  X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT);
  if (X509_verify_cert(context) != 1) {
    fprintf(stderr, "%s\n", X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
    exit(1);
  }
  sk_X509_free(untrusted);
  X509_STORE_CTX_free(context);
}

static X509_STORE *store_of(X509 *root) {
  X509_STORE *store = X509_STORE_new();
  X509_STORE_add_cert(store, root);
  return store;
}

static double microseconds(clock_t since, int count) { return 1e6 * (clock() - since) / CLOCKS_PER_SEC / count; }

int main(int argc, char **argv) {
  struct der root_der = load(argv[1]), issuing_der = load(argv[2]);
  time_t now = atol(argv[3]);
  int count = argc - 4;
  struct der *leaves = malloc(count * sizeof *leaves);
  for (int i = 0; i < count; i++) leaves[i] = load(argv[4 + i]);

  clock_t start = clock();
  for (int i = 0; i < count; i++) {
    X509 *root = read_certificate(root_der), *issuing = read_certificate(issuing_der), *leaf = read_certificate(leaves[i]);
    X509_STORE *store = store_of(root);
    verify(store, issuing, leaf, now);
    X509_STORE_free(store);
    X509_free(root);
    X509_free(issuing);
    X509_free(leaf);
  }
  double cold = microseconds(start, count);

  X509 *root = read_certificate(root_der), *issuing = read_certificate(issuing_der), *first = read_certificate(leaves[0]);
  X509_STORE *store = store_of(root);
  verify(store, issuing, first, now);
  start = clock();
  for (int i = 0; i < count; i++) {
    X509 *leaf = read_certificate(leaves[i]);
    verify(store, issuing, leaf, now);
    X509_free(leaf);
  }
  double warm = microseconds(start, count);

  X509 **read = malloc(count * sizeof *read);
  for (int i = 0; i < count; i++) read[i] = read_certificate(leaves[i]);
  start = clock();
  for (int i = 0; i < count; i++) verify(store, issuing, read[i], now);
  printf("{\"cold\":%f,\"warm\":%f,\"warmRead\":%f}\n", cold, warm, microseconds(start, count));
  return 0;
}
