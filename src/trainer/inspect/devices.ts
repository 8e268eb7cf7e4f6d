import * as os from 'node:os';
import type { DevicesInfo } from '../../protocol/inspector';
import type { Experiment } from '../../protocol/experiment/types';
import { chooseDevice, type DeviceChoice, surveyDevices } from '../../runtime/devices';
import { machineFacts } from '../machine';

/** The devices of this machine: trying them out takes seconds, so it is done when asked for, and kept for what follows. */
export class Devices {
  #chosen: Promise<DeviceChoice> | undefined;

  /** Tries all devices out anew: a driver may have been installed since. */
  async describe(): Promise<DevicesInfo> {
    const survey = surveyDevices();
    this.#chosen = survey.then(({ choice }) => choice);
    const { choice, devices } = await survey;
    const { memory_mb, cores, cpu } = machineFacts();
    return {
      providers: devices.map(({ device, usable, note }) => ({
        device,
        available: usable,
        detail: device === 'cpu' ? cpu : note,
      })),
      chosen: choice.device,
      reason: choice.why,
      memory_mb,
      free_mb: Math.round(freeMemory() / 1e6),
      cores,
      cpu,
    };
  }

  /** What a run would take. Throws an InputError where a device that is asked for by name is not there. */
  async choose(asked: Experiment['device']): Promise<DeviceChoice> {
    if (asked !== 'auto') return chooseDevice(asked);
    // It looks no further than the first that is worth taking.
    this.#chosen ??= chooseDevice('auto');
    return this.#chosen;
  }
}

/** Bytes that programs may take now; what the system only caches in memory counts as free. */
export function freeMemory(): number {
  const limit = process.constrainedMemory();
  const free = os.freemem();
  return limit > 0 ? Math.min(limit, free) : free;
}
