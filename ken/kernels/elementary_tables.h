/* Written by elementary_tables.py; do not edit. */
#ifndef KEN_KERNELS_ELEMENTARY_TABLES_H
#define KEN_KERNELS_ELEMENTARY_TABLES_H

#include <stdint.h>

/* exp(r) = 1 + r + r r sum c_k r^k */
static const double ken__exp_c[] = {
    0x1.0000000000000p-1, 0x1.5555555555555p-3, 0x1.5555555555555p-5, 0x1.1111111111111p-7,
    0x1.6c16c16c16c17p-10, 0x1.a01a01a01a01ap-13, 0x1.a01a01a01a01ap-16, 0x1.71de3a556c734p-19,
    0x1.27e4fb7789f5cp-22, 0x1.ae64567f544e4p-26, 0x1.1eed8eff8d898p-29, 0x1.6124613a86d09p-33};
/* log((1+s)/(1-s)) = 2s + s sum c_k (s s)^(k+1) */
static const double ken__log_c[] = {
    0x1.5555555555555p-1, 0x1.999999999999ap-2, 0x1.2492492492492p-2, 0x1.c71c71c71c71cp-3,
    0x1.745d1745d1746p-3, 0x1.3b13b13b13b14p-3, 0x1.1111111111111p-3, 0x1.e1e1e1e1e1e1ep-4,
    0x1.af286bca1af28p-4, 0x1.8618618618618p-4};
/* atanh(s) = s (1 + z/3 + z z/5 + z z z sum c_k z^k), z = s s */
static const double ken__log_pair_c[] = {
    0x1.2492492492492p-3, 0x1.c71c71c71c71cp-4, 0x1.745d1745d1746p-4, 0x1.3b13b13b13b14p-4,
    0x1.1111111111111p-4, 0x1.e1e1e1e1e1e1ep-5, 0x1.af286bca1af28p-5, 0x1.8618618618618p-5,
    0x1.642c8590b2164p-5, 0x1.47ae147ae147bp-5, 0x1.2f684bda12f68p-5, 0x1.1a7b9611a7b96p-5};
/* sin, from r^3 */
static const double ken__sin_c[] = {
    -0x1.5555555555555p-3, 0x1.1111111111111p-7, -0x1.a01a01a01a01ap-13, 0x1.71de3a556c734p-19,
    -0x1.ae64567f544e4p-26, 0x1.6124613a86d09p-33, -0x1.ae7f3e733b81fp-41, 0x1.952c77030ad4ap-49};
/* cos, from r^4 */
static const double ken__cos_c[] = {
    0x1.5555555555555p-5, -0x1.6c16c16c16c17p-10, 0x1.a01a01a01a01ap-16, -0x1.27e4fb7789f5cp-22,
    0x1.1eed8eff8d898p-29, -0x1.93974a8c07c9dp-37, 0x1.ae7f3e733b81fp-45, -0x1.6827863b97d97p-53};
/* atan, from t^3, |t| <= 1/15 */
static const double ken__atan_c[] = {
    -0x1.5555555555555p-2, 0x1.999999999999ap-3, -0x1.2492492492492p-3, 0x1.c71c71c71c71cp-4,
    -0x1.745d1745d1746p-4, 0x1.3b13b13b13b14p-4, -0x1.1111111111111p-4};
/* atan(k / 8), high part */
static const double ken__atan_hi[] = {
    0x0.0p+0, 0x1.fd5ba9aac2f6ep-4, 0x1.f5b75f92c80ddp-3, 0x1.6f61941e4def1p-2,
    0x1.dac670561bb4fp-2, 0x1.1e00babdefeb4p-1, 0x1.4978fa3269ee1p-1, 0x1.700a7c5784634p-1,
    0x1.921fb54442d18p-1};
/* atan(k / 8), low part */
static const double ken__atan_lo[] = {
    0x0.0p+0, -0x1.cd37686760c17p-59, 0x1.8ab6e3cf7afbdp-57, -0x1.c63aae6f6e918p-56,
    0x1.a2b7f222f65e2p-56, -0x1.928df287a668fp-58, 0x1.2419a87f2a458p-56, -0x1.8c34d25aadef6p-56,
    0x1.1a62633145c07p-55};
/* erf(x) / x - 1 in x x, |x| <= 1 */
static const double ken__erf_c[] = {
    0x1.06eba8214db69p-3, -0x1.812746b0379e7p-2, 0x1.ce2f21a042be2p-4, -0x1.b82ce31288b47p-6,
    0x1.565bcd0e6a2eep-8, -0x1.c02db40035f1ep-11, 0x1.f9a326f7ac5b1p-14, -0x1.f4d25bf9af03ap-17,
    0x1.b9e6c38e5cf3dp-20, -0x1.5f73c3bf14b91p-23, 0x1.fcbb312b48443p-27, -0x1.517ce02f1265fp-30,
    0x1.9a0fcb5e22c5bp-34, -0x1.b40e7abf9f000p-38, 0x1.3c01fd3a74542p-42};
/* exp(x x) erfc(x) on [edge i, edge i+1), in x - mid i */
/* edges */
static const double ken__erfcx_edge[] = {
    0x1.0000000000000p-1, 0x1.8000000000000p-1, 0x1.0000000000000p+0, 0x1.8000000000000p+0,
    0x1.0000000000000p+1, 0x1.4000000000000p+1, 0x1.8000000000000p+1, 0x1.0000000000000p+2,
    0x1.4000000000000p+2, 0x1.8000000000000p+2};
/* middles */
static const double ken__erfcx_mid[] = {
    0x1.4000000000000p-1, 0x1.c000000000000p-1, 0x1.4000000000000p+0, 0x1.c000000000000p+0,
    0x1.2000000000000p+1, 0x1.6000000000000p+1, 0x1.c000000000000p+1, 0x1.2000000000000p+2,
    0x1.6000000000000p+2};
enum { KEN_ERFCX_TERMS = 15 };
static const double ken__erfcx_c[9][KEN_ERFCX_TERMS] = {
    {0x1.1d16b5809eaf6p-1, -0x1.babd0e4f1a24dp-2, 0x1.2577420fcd07dp-2, -0x1.59c35c06f7ffep-3, 0x1.72d46a9b3f0fap-4, -0x1.6fce5df0ba19dp-5, 0x1.552fe7000692ap-6, -0x1.2a7f4fb7869edp-7, 0x1.efd03c2d0fbddp-9, -0x1.88ef9a320bc16p-10, 0x1.2a6ab0a51676ep-11, -0x1.b3e43db9ba2abp-13, 0x1.3312688cc48d6p-14, -0x1.a4fce0f25bf1ep-16, 0x1.15db2c5be3d44p-17},
    {0x1.db747ee409ac5p-2, -0x1.4369f60195edcp-2, 0x1.80ef8f454cf88p-3, -0x1.9d5868de0b581p-4, 0x1.9831c2c85003fp-5, -0x1.779dd2a3da28ap-6, 0x1.452648d62b734p-7, -0x1.0ab3832b835cdp-8, 0x1.a0ef7ee614317p-10, -0x1.37fe712be7d60p-11, 0x1.c0b37ca72c347p-13, -0x1.370949aaa17ddp-14, 0x1.a0d2834c0b489p-16, -0x1.1021e619a62c4p-17, 0x1.56e8e7e1e2401p-19},
    {0x1.78a692138767ap-2, -0x1.abaacdbfa8b07p-3, 0x1.b56f45eef7e58p-4, -0x1.9b635ac624aacp-5, 0x1.68a25a6641f0fp-6, -0x1.299636d6cc780p-7, 0x1.d1b695aac3b75p-9, -0x1.5b8bc93be2cfcp-10, 0x1.f0fe6fa38ae29p-12, -0x1.55c091473d69dp-13, 0x1.c5704c211f94ap-15, -0x1.22ef171276aeep-16, 0x1.6a0a03aa8bdd0p-18, -0x1.be7acdc5ba9a0p-20, 0x1.06619375fc922p-21},
    {0x1.23cfc2f1dc7e0p-2, -0x1.0c3d538446447p-3, 0x1.c8d0cef0f810dp-5, -0x1.6cb52fe489456p-6, 0x1.13648a11ffe6ep-7, -0x1.8bf716a8edfb0p-9, 0x1.106bd5c044de2p-10, -0x1.6838884303dbfp-12, 0x1.cb4c687663b55p-14, -0x1.1b291c3426d9dp-15, 0x1.5273fcedd6c81p-17, -0x1.88eee54c7c1b3p-19, 0x1.bc0384dfab0dap-21, -0x1.f14928151e4e0p-23, 0x1.0b240c0b45ac3p-24},
    {0x1.d94446d627932p-3, -0x1.6a70d2bb37411p-4, 0x1.0615670e25a7bp-5, -0x1.6883f9919a177p-7, 0x1.da595561f7d31p-9, -0x1.2bd251bb2fe84p-10, 0x1.6d7743d3b35a3p-12, -0x1.aed7ebc558f93p-14, 0x1.ec773cc51b889p-16, -0x1.117a6b9b9f74cp-17, 0x1.27af477cc6335p-19, -0x1.37b2d3e2bafe1p-21, 0x1.40e119faabcc4p-23, -0x1.478772de8066dp-25, 0x1.428297084d79cp-27},
    {0x1.8c9eb68ff27d7p-3, -0x1.0305781330099p-4, 0x1.43b98bac83823p-6, -0x1.84e9ab30e6ab2p-8, 0x1.c2c72fd72763dp-10, -0x1.f99e41ecb124ep-12, 0x1.131bb16125983p-13, -0x1.2312b25805865p-15, 0x1.2bfb5b0d83f91p-17, -0x1.2da32d24fb79ap-19, 0x1.2856fda52a137p-21, -0x1.1ccb30f457aedp-23, 0x1.0c1223e921938p-25, -0x1.f4a74bd173f40p-28, 0x1.c52907556b237p-30},
    {0x1.3e0a99a0ee914p-3, -0x1.5285d2eb1ef74p-5, 0x1.5d581133378edp-7, -0x1.5e5d7e9898f22p-9, 0x1.5632136d8cb0ap-11, -0x1.460abd6b8c152p-13, 0x1.2f839e548ec82p-15, -0x1.146bc38cc902cp-17, 0x1.ed2a95b68e70ep-20, -0x1.af5df988867aep-22, 0x1.7250072180c46p-24, -0x1.3814aee81380fp-26, 0x1.02b7d2a1c8c2ap-28, -0x1.b641ccba9012cp-31, 0x1.5f71a00a79932p-33},
    {0x1.f5b2a049cf4c6p-4, -0x1.aa3eb6a946f7ep-6, 0x1.62c12cb5f7577p-8, -0x1.218ed930b236fp-10, 0x1.d00785f2ed4a2p-13, -0x1.6d54b133ec9bcp-15, 0x1.1ad6a32dfad8ap-17, -0x1.aef8ea15b5627p-20, 0x1.4354fafb29edap-22, -0x1.de099483b985bp-25, 0x1.5c64dee8492b2p-27, -0x1.f4beb087cdd64p-30, 0x1.6341a438d32d1p-32, -0x1.ffd7fc8b66a49p-35, 0x1.61e17f2856383p-37},
    {0x1.9d8a8f2284f2cp-4, -0x1.238ca71b93fc3p-6, 0x1.95252b932efe3p-9, -0x1.15976ddda3c96p-11, 0x1.774f4826dc84ap-14, -0x1.f4e46d17a549ep-17, 0x1.4a17e19c015eep-19, -0x1.add7ac8bdb3b4p-22, 0x1.149cd77868980p-24, -0x1.600032fb79104p-27, 0x1.bb09d28e92873p-30, -0x1.13cc640fa7fe1p-32, 0x1.53e6f026c6974p-35, -0x1.a7aa48e1d6aa5p-38, 0x1.ffa31aecd2b1bp-41},
};
/* x exp(x x) erfc(x) in 1/(x x), x >= 6 */
static const double ken__erfcx_far_c[] = {
    0x1.20dd750429b6dp-1, -0x1.20dd750429a21p-2, 0x1.b14c2f85fc531p-2, -0x1.0ecf9d97bd4e8p+0,
    0x1.d9eb4581ee792p+1, -0x1.0a932ad883825p+4, 0x1.6e695260ecb43p+6, -0x1.2877f87f78c42p+9,
    0x1.0dc717b707835p+12, -0x1.f50a8dee7e441p+14, 0x1.857d8c0ef9181p+17, -0x1.57c93b3e8e6dbp+19};
/* gamma(1.5 + t), |t| <= 1/2 */
static const double ken__gamma_c[] = {
    0x1.c5bf891b4ef6bp-1, 0x1.08ea88ee5619cp-5, 0x1.a8c4dba620d58p-2, -0x1.b77ac1ca2dcabp-4,
    0x1.283bd374eadabp-3, -0x1.3d88cfe56716ep-4, 0x1.e022b743d0702p-5, -0x1.374fd5a85a843p-5,
    0x1.a752c67eb605dp-6, -0x1.1a2c30f8def74p-6, 0x1.7991e760184a3p-7, -0x1.f7fa735e7333ep-8,
    0x1.504d6f0e1fffep-8, -0x1.c0c9137946e79p-9, 0x1.2b48ecb68cfadp-9, -0x1.8cf2aff0a8622p-10,
    0x1.08a9773a0b118p-10, -0x1.74558a9281aefp-11, 0x1.f076f989ef310p-12, -0x1.bbd59618e79efp-13,
    0x1.27e540fa0105ep-13, -0x1.1123e91f561a5p-12, 0x1.6c3032e6c6f69p-13};
/* lgamma(2 + t) / t */
static const double ken__lgamma_c[] = {
    0x1.b0ee6072093cep-2, 0x1.4a34cc4a60fa6p-2, -0x1.13e001a557607p-4, 0x1.51322ac7d8483p-6,
    -0x1.e404fc218f5fbp-8, 0x1.7add6eadb6cbbp-9, -0x1.38ac5c2bf848fp-10, 0x1.0b36af8633d63p-11,
    -0x1.d3fd4c7777ff0p-13, 0x1.a127b0f54da13p-14, -0x1.78de5ba1b917bp-15, 0x1.580dce2c2eb9fp-16,
    -0x1.3cbca19c1b65cp-17, 0x1.2597b622a354fp-18, -0x1.11b1566a81f17p-19, 0x1.00646bde03784p-20,
    -0x1.e2aacffbf16e6p-22, 0x1.c72aeb3c92b6ap-23, -0x1.aae68512e82fap-24, 0x1.a1ef0aaa8cbe7p-25,
    -0x1.ae8338c2161f7p-26, 0x1.fcb268521bfa5p-28, -0x1.7e2b3118b2c81p-29, 0x1.2baaee23e3128p-27,
    -0x1.fb14c4f1613f3p-32, -0x1.1375d344a62a7p-28, -0x1.a5b23c1a07afdp-29};
/* lgamma(x) - (x - 1/2) log x + x - log(2 pi)/2 = sum c_k x^(1 - 2k) */
static const double ken__stirling_c[] = {
    0x1.5555555555555p-4, -0x1.6c16c16c16c17p-9, 0x1.a01a01a01a01ap-11, -0x1.3813813813814p-11,
    0x1.b951e2b18ff23p-11, -0x1.f6ab0d9993c7dp-10, 0x1.a41a41a41a41ap-8, -0x1.e4286cb0f5398p-6,
    0x1.6fe96381e0680p-3, -0x1.6476701181f3ap+0};
/* cbrt on [1, 8], a first guess */
static const double ken__cbrt_c[] = {
    0x1.4ecb7ee28e2bbp-1, 0x1.a612e6bf7887cp-2, -0x1.166aa5a8ad33cp-4, 0x1.ca0ace5bab84ep-8,
    -0x1.2e387317adddep-12};
/* log(2) */
static const double ken__ln2_dd[] = {
    0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
/* 1 / log(2) */
static const double ken__inv_ln2_dd[] = {
    0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56};
/* 1 / log(10) */
static const double ken__inv_ln10_dd[] = {
    0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57};
/* pi */
static const double ken__pi_dd[] = {
    0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53};
/* pi / 2 */
static const double ken__half_pi_dd[] = {
    0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};
/* log(2 pi) / 2 */
static const double ken__half_log_2pi_dd[] = {
    0x1.d67f1c864beb5p-1, -0x1.65b5a1b7ff5dfp-55};
/* 1/3 */
static const double ken__third_dd[] = {
    0x1.5555555555555p-2, 0x1.5555555555555p-56};
/* 1/5 */
static const double ken__fifth_dd[] = {
    0x1.999999999999ap-3, -0x1.999999999999ap-57};
/* pi / 2 in parts: 33 bits, 33 bits, a pair for the rest */
static const double ken__half_pi_parts[] = {
    0x1.921fb54400000p+0, 0x1.0b4611a600000p-34, 0x1.3198a2e037073p-69, 0x1.129024e088a68p-123};
/* 2 / pi = 0.w0 w1 w2 ... in base 2^64 */
static const uint64_t ken__two_over_pi[] = {
    0xa2f9836e4e441529u, 0xfc2757d1f534ddc0u, 0xdb6295993c439041u, 0xfe5163abdebbc561u,
    0xb7246e3a424dd2e0u, 0x06492eea09d1921cu, 0xfe1deb1cb129a73eu, 0xe88235f52ebb4484u,
    0xe99c7026b45f7e41u, 0x3991d639835339f4u, 0x9c845f8bbdf9283bu, 0x1ff897ffde05980fu,
    0xef2f118b5a0a6d1fu, 0x6d367ecf27cb09b7u, 0x4f463f669e5fea2du, 0x7527bac7ebe5f17bu,
    0x3d0739f78a5292eau, 0x6bfb5fb11f8d5d08u, 0x56033046fc7b6babu, 0xf0cfbc209af4361du,
};

#endif
