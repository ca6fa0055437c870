#include <fcntl.h>
#include <linux/random.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Gives the kernel 64 random bytes of /etc/seed, and its word that they are. */
int main(void) {
  struct {
    struct rand_pool_info info;
    unsigned char bytes[64];
  } pool = {.info = {.entropy_count = 512, .buf_size = 64}};
  int seed = open("/etc/seed", O_RDONLY);
  if (seed < 0 || read(seed, pool.info.buf, 64) != 64) return 1;
  int device = open("/dev/urandom", O_WRONLY);
  return device < 0 || ioctl(device, RNDADDENTROPY, &pool) != 0;
}
