import { probeDevice } from '../../src/runtime/probe';

/** Who asks for this ring wants it run: without an adapter it fails, in one sentence. */
export default async function setup(): Promise<void> {
  const result = await probeDevice('webgpu');
  if (!result.ok) {
    throw new Error(
      `WebGPU cannot be opened (${result.problem}). Install a Vulkan driver and its loader, ` +
        'on Debian for example SwiftShader: apt-get install chromium libvulkan1',
    );
  }
  console.log(`WebGPU: ${result.gflops.toFixed(1)} GFLOP/s, the CPU: ${result.cpuGflops.toFixed(1)}`);
}
