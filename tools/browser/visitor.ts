import type { Browser, BrowserContext, Page } from "playwright-core";
import { ADMIN } from "../fleet/fleet.ts";

/** How a visitor's browser is. */
export interface Look {
  readonly scheme: "light" | "dark";
  readonly width: number;
  readonly height: number;
}

export const DESK: Look = { scheme: "light", width: 1280, height: 860 };
export const PHONE: Look = { scheme: "light", width: 360, height: 740 };

/** Somebody at the console: a browser of its own, and all that it complained of. */
export class Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly url: string;
  /** What the pages did that they should not: broken rules of the policy, errors of scripts, files that did not come. */
  readonly complaints: readonly string[];

  private constructor(context: BrowserContext, page: Page, url: string, complaints: readonly string[]) {
    this.context = context;
    this.page = page;
    this.url = url;
    this.complaints = complaints;
  }

  static async arrive(
    browser: Browser,
    url: string,
    { scheme, width, height }: Look = DESK,
  ): Promise<Visitor> {
    const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height } });
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    return new Visitor(context, page, url, complaints);
  }

  /** The same, with a login behind it. */
  static async atHome(browser: Browser, url: string, look?: Look): Promise<Visitor> {
    const visitor = await Visitor.arrive(browser, url, look);
    await visitor.open("/");
    await visitor.logIn(ADMIN);
    await visitor.page.waitForSelector("h1:text('Overview')");
    return visitor;
  }

  /** Opens a page by its path below /_mooring; the status of the answer. */
  async open(path: string): Promise<number> {
    const response = await this.page.goto(`${this.url}/_mooring${path}`);
    return response?.status() ?? 0;
  }

  async logIn(token: string): Promise<void> {
    await this.page.fill("#token", token);
    await this.page.press("#token", "Enter");
  }

  /** Whether something comes to be so, while the page keeps itself up to date: it is not loaded again. */
  async sees(selector: string, text: RegExp | string, within = 20_000): Promise<boolean> {
    const found = this.page.locator(selector, { hasText: text }).first();
    return found.waitFor({ state: "visible", timeout: within }).then(
      () => true,
      () => false,
    );
  }

  leave(): Promise<void> {
    return this.context.close();
  }
}
