/* Answers the calls of CUDA's runtime that torch makes for tensors that hold no data, as a machine with one
 * GPU would. Put before the real library by LD_PRELOAD; what is missing here still reaches the real one, which
 * then says that there is no driver. Every function returns 0, which is cudaSuccess.
 *
 * Written without CUDA's headers, as they come with few installations of torch. The properties of a device are
 * therefore bytes: only the offsets of the name, the warp size and the compute capability are used, which are
 * the same in CUDA 11, 12 and 13. The rest stays as torch made it: zero.
 */
#include <string.h>

enum { CAPABILITY_MAJOR = 9, CAPABILITY_MINOR = 0, WARP = 32, MULTIPROCESSORS = 132, VERSION = 13000 };
enum { NAME_AT = 0, WARP_AT = 308, MAJOR_AT = 360, MINOR_AT = 364 };
enum { ATTRIBUTE_MAJOR = 75, ATTRIBUTE_MINOR = 76 }; /* cudaDevAttrComputeCapabilityMajor, ...Minor */

int cudaGetDeviceCount(int *count) { *count = 1; return 0; }
int cudaGetDevice(int *device) { *device = 0; return 0; }
int cudaSetDevice(int device) { (void)device; return 0; }
int cudaGetLastError(void) { return 0; }
int cudaPeekAtLastError(void) { return 0; }
int cudaDriverGetVersion(int *version) { *version = VERSION; return 0; }
int cudaRuntimeGetVersion(int *version) { *version = VERSION; return 0; }
int cudaStreamIsCapturing(void *stream, int *status) { (void)stream; *status = 0; return 0; }
int cudaDeviceGetStreamPriorityRange(int *least, int *greatest) { *least = 0; *greatest = -5; return 0; }

int cudaDeviceGetAttribute(int *value, int attribute, int device) {
    (void)device;
    *value = attribute == ATTRIBUTE_MAJOR   ? CAPABILITY_MAJOR
             : attribute == ATTRIBUTE_MINOR ? CAPABILITY_MINOR
                                            : MULTIPROCESSORS;
    return 0;
}

static void put(char *properties, int at, int value) { memcpy(properties + at, &value, sizeof value); }

int cudaGetDeviceProperties(char *properties, int device) {
    (void)device;
    strcpy(properties + NAME_AT, "fake");
    put(properties, WARP_AT, WARP);
    put(properties, MAJOR_AT, CAPABILITY_MAJOR);
    put(properties, MINOR_AT, CAPABILITY_MINOR);
    return 0;
}

/* The name that headers of CUDA 12 give to the same function. */
int cudaGetDeviceProperties_v2(char *properties, int device) {
    return cudaGetDeviceProperties(properties, device);
}

/* Of the driver, as whose library this passes, too; else torch looks for one in vain after many operations. */
int cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active) {
    (void)device;
    *flags = 0;
    *active = 1;
    return 0;
}
