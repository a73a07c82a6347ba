// The core's hash and lookup in C, for comparison: wyhash32 of packed keys, and the owner of the slot of each.
// twin FILE BITS BYTES COUNT ROUNDS: FILE holds 2^BITS owners (u16), then COUNT keys in BYTES, each after its length (u8).
// Prints the sum of the owners, and the nanoseconds of one lookup for each round.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline uint32_t word(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return value;
}

static inline void mix(uint32_t *s, uint32_t *q) {
  uint64_t product = (uint64_t)(*s ^ 0x53c5ca59u) * (uint64_t)(*q ^ 0x74743c1bu);
  *s = (uint32_t)product;
  *q = (uint32_t)(product >> 32);
}

static uint32_t wyhash32(const uint8_t *at, uint32_t length) {
  uint32_t s = length, q = 0x53c5ca59u, left = length;
  mix(&s, &q);
  for (; left > 8; left -= 8, at += 8) {
    s ^= word(at);
    q ^= word(at + 4);
    mix(&s, &q);
  }
  if (left >= 4) {
    s ^= word(at);
    q ^= word(at + left - 4);
  } else {
    for (uint32_t i = 0; i < left; i++) s ^= (uint32_t)at[i] << (8 * i);
  }
  mix(&s, &q);
  mix(&s, &q);
  return s ^ q;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  uint32_t bits = atoi(argv[2]), bytes = atoi(argv[3]), count = atoi(argv[4]), rounds = atoi(argv[5]);
  uint16_t *owners = malloc((size_t)2 << bits);
  uint8_t *keys = malloc(bytes);
  FILE *file = fopen(argv[1], "rb");
  if (file == NULL || owners == NULL || keys == NULL) return 1;
  if (fread(owners, 2, (size_t)1 << bits, file) != (size_t)1 << bits) return 1;
  if (fread(keys, 1, bytes, file) != bytes) return 1;
  for (uint32_t round = 0; round < rounds; round++) {
    uint32_t sum = 0;
    double start = now();
    const uint8_t *key = keys;
    for (uint32_t i = 0; i < count; i++) {
      uint32_t length = *key++;
      sum += owners[wyhash32(key, length) >> (32 - bits)];
      key += length;
    }
    double each = (now() - start) / count;
    if (round == 0) printf("%u\n", sum);
    printf("%f\n", each);
  }
  return 0;
}
